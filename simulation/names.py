"""Names as people in Norway bear them: a short list, weighted as the statistics are."""

from kudos.records import Gender

#: Given name → (gender, middle of the years of birth, weight).
GIVEN: dict[str, tuple[Gender, int, int]] = {
    "Anne": ("female", 1962, 56),
    "Inger": ("female", 1950, 40),
    "Kari": ("female", 1953, 33),
    "Marit": ("female", 1955, 31),
    "Liv": ("female", 1950, 26),
    "Berit": ("female", 1949, 24),
    "Astrid": ("female", 1958, 20),
    "Hilde": ("female", 1966, 20),
    "Heidi": ("female", 1973, 17),
    "Silje": ("female", 1983, 14),
    "Marte": ("female", 1988, 10),
    "Ida": ("female", 1994, 18),
    "Nora": ("female", 2001, 16),
    "Emma": ("female", 2004, 14),
    "Åse": ("female", 1948, 9),
    "Máret": ("female", 1979, 2),
    "Zainab": ("female", 1995, 3),
    "Jan": ("male", 1962, 45),
    "Per": ("male", 1953, 31),
    "Bjørn": ("male", 1954, 29),
    "Ole": ("male", 1962, 28),
    "Lars": ("male", 1969, 27),
    "Kjell": ("male", 1949, 22),
    "Svein": ("male", 1952, 20),
    "Thomas": ("male", 1981, 21),
    "Morten": ("male", 1972, 18),
    "Geir": ("male", 1963, 18),
    "Øyvind": ("male", 1976, 11),
    "Magnus": ("male", 1992, 12),
    "Jonas": ("male", 1995, 11),
    "Jakob": ("male", 2003, 9),
    "Ailo": ("male", 1998, 2),
    "Mohammed": ("male", 1993, 6),
    "Kim": ("other", 1985, 3),
}

#: What farms are named by, and families by farms.
_WHERE = (
    *("Ask", "Bakke", "Berg", "Birke", "Bjørke", "Brekke", "Bru", "Elve", "Fager", "Fjell"),
    *("Furu", "Gran", "Grøn", "Hauge", "Heg", "Hell", "Holm", "Høg", "Kirke", "Lang"),
    *("Lille", "Lin", "Lund", "Midt", "Myr", "Ned", "Nord", "Ny", "Ospe", "Rogn"),
    *("Sand", "Selje", "Skog", "Sol", "Stein", "Stor", "Sunn", "Sør", "Vest", "Øst"),
)
_WHAT = (
    *("bø", "dal", "eng", "gård", "heim", "hus", "land", "li", "lien", "mo", "nes", "rud"),
    *("set", "skar", "stad", "sund", "tveit", "vang", "vik", "voll", "vold", "våg", "ås", "øy"),
)

#: Family name → weight, in thousands of those who bear it. The first are the most frequent; four
#: of five people are called by one of very many names, of which each is rare.
FAMILY: dict[str, int] = {
    "Hansen": 48,
    "Johansen": 45,
    "Olsen": 44,
    "Larsen": 34,
    "Andersen": 33,
    "Pedersen": 31,
    "Nilsen": 31,
    "Kristiansen": 21,
    "Jensen": 20,
    "Karlsen": 19,
    "Berg": 17,
    "Haugen": 14,
    "Hagen": 13,
    "Bakken": 11,
    "Solberg": 10,
    "Moen": 10,
    "Strand": 9,
    "Lunde": 8,
    "Sæther": 5,
    "Åsen": 4,
    "Øverland": 4,
    "Ali": 5,
    "Nguyen": 5,
    "Sara": 2,
    "Nordmann": 2,
} | {where + what: 4 for where in _WHERE for what in _WHAT}
