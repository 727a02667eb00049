"""Where people live: some postal codes, and how many people they stand for."""

#: Postal code → weight. The codes are facts; the weights follow the municipalities' population, so
#: that half the people live round the largest towns.
POSTAL_CODES: dict[str, int] = {
    "0155": 20,
    "0357": 45,
    "0465": 45,
    "0561": 45,
    "0656": 40,
    "0687": 34,
    "0984": 33,
    "1337": 30,
    "1525": 15,
    "1606": 20,
    "2317": 10,
    "2609": 9,
    "3015": 26,
    "3210": 18,
    "3717": 15,
    "4006": 25,
    "4021": 20,
    "4612": 28,
    "4836": 12,
    "5015": 25,
    "5143": 20,
    "5178": 20,
    "5239": 25,
    "5501": 12,
    "5700": 5,
    "6003": 16,
    "6413": 9,
    "7014": 20,
    "7020": 28,
    "7048": 24,
    "8005": 14,
    "9008": 14,
    "9020": 10,
    "9405": 7,
    "9520": 1,
}

#: The few who live abroad: country, postal code, how their numbers begin, and go on for how long.
ABROAD: tuple[tuple[str, str, str, int], ...] = (
    ("SE", "411 04", "+4670", 7),
    ("DK", "2100", "+4520", 6),
    ("DE", "10115", "+49151", 8),
)

STREETS: tuple[str, ...] = (
    "Storgata",
    "Kirkegata",
    "Skolegata",
    "Bjørkeveien",
    "Havnegata",
    "Åsveien",
    "Fjordgata",
    "Solbakken",
)
