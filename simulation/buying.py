"""What people put into an order."""

import random
from datetime import datetime

from msgspec import structs

from kudos.records import Channel, Item
from simulation.houses import House
from simulation.orders import Line
from simulation.programme import Performance, Programme
from simulation.rhythm import lead_days
from simulation.systems import SYSTEMS

#: Party sizes; the seventh is a group of ten to sixty.
_PARTY = (26, 45, 10, 12, 4, 2, 1)
#: Ticket type → share of the ordinary price, in hundredths, and how often.
_TYPES: dict[str, tuple[int, int]] = {
    "Ordinær": (100, 62),
    "Honnør": (80, 14),
    "Student": (60, 9),
    "Barn": (50, 8),
    "Under 30": (55, 4),
    "Ledsager": (0, 2),
    "Fribillett": (0, 1),
}
_GROUP = ("Gruppe", 75)
_NAMES = tuple(_TYPES)
_OFTEN = tuple(often for _, often in _TYPES.values())

#: What is sold beside tickets: item, name, kroner, VAT in hundredths of a per cent.
_SHOP: tuple[tuple[Item, str, int, int], ...] = (
    ("merchandise", "Program", 80, 2500),
    ("merchandise", "Plakat", 249, 2500),
    ("merchandise", "Bok", 399, 0),
)
_FOOD: tuple[tuple[Item, str, int, int], ...] = (
    ("food", "Kaffe", 42, 1500),
    ("food", "Vafler", 65, 1500),
    ("food", "Pausemeny", 189, 1500),
)
#: Concerts and theatre bear no VAT, museums and cinemas 12 %.
_VAT = {"museum": 1200, "kino": 1200, "visuell-kunst": 1200}

_CHANNELS: tuple[Channel, ...] = ("web", "box_office", "phone", "agent", "till", "other")


def channel(house: House, vendor: str, chance: random.Random) -> Channel:
    """Return where an order of *house* is placed; museums sell at the till."""
    if SYSTEMS[vendor].web_and_counter:
        return "web" if chance.random() < 0.78 else "box_office"
    often = (70, 17, 5, 4, 2, 2) if house.productions else (30, 2, 1, 3, 63, 1)
    return "till" if house.bare_dates else chance.choices(_CHANNELS, often)[0]


def tickets(
    house: House, vendor: str, programme: Programme, at: datetime, chance: random.Random
) -> list[Line]:
    """Return the ticket lines of one order; none where nothing is played."""
    performance = programme.draw(at, lead_days(chance), chance)
    if performance is None:
        return []
    zone = chance.randrange(len(house.prices))
    party = chance.choices(range(1, 8), _PARTY)[0]
    if party == 7:
        lines = [_ticket(house, performance, zone, *_GROUP, count=chance.randint(10, 60))]
    else:
        lines = [
            _ticket(house, performance, zone, name, _TYPES[name][0], count=count)
            for name, count in _types(party, chance).items()
        ]
    if vendor == "homemade":
        return [_discounted(line, chance) for line in lines]
    if vendor == "tixly" and not house.numbered:
        return lines
    return lowered(vendor, apart(vendor, lines), chance)


def _types(party: int, chance: random.Random) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in chance.choices(_NAMES, _OFTEN, k=min(party, 2)):
        counts[name] = counts.get(name, 0) + 1
    first = next(iter(counts))
    counts[first] += party - sum(counts.values())
    return counts


def _ticket(
    house: House, performance: Performance, zone: int, name: str, share: int, *, count: int
) -> Line:
    # whole kroner, as prices are
    price = house.prices[zone] * share // 100 * 100
    return Line(
        line="",
        kind="sale",
        item="ticket",
        quantity=count,
        amount_minor=price * count,
        vat_rate=_VAT.get(house.industry, 0),
        ticket_type=name,
        price_category=f"Prisgruppe {zone + 1}",
        performance=performance,
    )


def _discounted(line: Line, chance: random.Random) -> Line:
    """Return the line with a discount, now and then; or with a total that no unit price gives."""
    luck = chance.random()
    if line.amount_minor and luck < 0.02:
        return structs.replace(line, discount_minor=line.amount_minor)
    if line.amount_minor and luck < 0.10:
        # øre of their own: nothing may be rounded on the way
        return structs.replace(line, discount_minor=line.amount_minor * 10 // 100 + line.quantity)
    if line.amount_minor and line.quantity > 2 and luck < 0.16:
        return structs.replace(line, amount_minor=line.amount_minor - 101)
    return line


def apart(vendor: str, lines: list[Line]) -> list[Line]:
    """Return one line a piece where the vendor sells so."""
    if not SYSTEMS[vendor].single:
        return lines
    return [
        structs.replace(line, quantity=1, amount_minor=line.amount_minor // line.quantity)
        for line in lines
        for _ in range(line.quantity)
    ]


def lowered(vendor: str, lines: list[Line], chance: random.Random) -> list[Line]:
    """Return *lines*, some of them with a discount where the vendor can tell it."""
    if not SYSTEMS[vendor].discounts:
        return lines
    return [_lowered(line, chance.random()) for line in lines]


def _lowered(line: Line, luck: float) -> Line:
    if luck >= 0.10:
        return line
    some = line.amount_minor * 10 // 100 + line.quantity
    whole = line.amount_minor if luck < 0.02 else some
    return structs.replace(line, discount_minor=min(whole, line.amount_minor))


def extras(house: House, programme: Programme, at: datetime, chance: random.Random) -> list[Line]:
    """Return what else is bought from *house*'s own system."""
    lines = []
    if "shop" in house.offers and chance.random() < 0.08:
        lines.append(_article(*chance.choice(_SHOP), chance.randint(1, 3)))
    if "food" in house.offers and chance.random() < 0.12:
        lines.append(_article(*chance.choice(_FOOD), chance.randint(1, 4)))
    if "donations" in house.offers and chance.random() < 0.05:
        lines.append(_article("donation", "Gave", chance.choice((50, 100, 500)), 0, 1))
    if "gift_cards" in house.offers and chance.random() < 0.03:
        lines.append(_article("gift_card", "Gavekort", chance.choice((500, 1000)), 0, 1))
    if "passes" in house.offers:
        lines += _passes(house, programme, at, chance)
    return lines


def shopping(chance: random.Random) -> list[Line]:
    """Return an order of a shop or café that sells no ticket."""
    picked = chance.sample(_SHOP + _FOOD, chance.randint(1, 3))
    return [_article(*article, chance.randint(1, 4)) for article in picked]


def _passes(house: House, programme: Programme, at: datetime, chance: random.Random) -> list[Line]:
    luck = chance.random()
    if luck < 0.02:
        return [_article("season_pass", "Sesongkort", 3 * max(house.prices) + 300, 0, 1)]
    performance = programme.draw(at, lead_days(chance), chance) if luck < 0.06 else None
    if performance is None:
        return []
    used = _article("season_pass_use", "Sesongkort", 0, 0, chance.randint(1, 2))
    return [structs.replace(used, performance=performance)]


def _article(item: Item, name: str, kroner: int, vat_rate: int, count: int) -> Line:
    return Line(
        line="",
        kind="sale",
        item=item,
        quantity=count,
        amount_minor=kroner * 100 * count,
        vat_rate=vat_rate,
        ticket_type=name,
    )


def with_fees(house: House, where: Channel, lines: list[Line]) -> list[Line]:
    """Return *lines* with the fee that the web shop takes: by ticket, or once on the first line."""
    if where not in {"web", "phone", "agent"}:
        return lines
    if house.tickets % 3 == 0:
        return [structs.replace(lines[0], fee_minor=4900), *lines[1:]]
    each = 1500 + house.tickets % 7 * 500
    return [
        structs.replace(line, fee_minor=each * line.quantity)
        if line.item == "ticket" and line.amount_minor
        else line
        for line in lines
    ]


def numbered(lines: list[Line]) -> tuple[Line, ...]:
    """Return *lines* numbered from 1."""
    return tuple(structs.replace(line, line=str(n)) for n, line in enumerate(lines, 1))
