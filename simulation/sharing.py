"""Addresses and numbers that many people have: a box office's mail, a reseller's, a placeholder."""

from msgspec import Struct

from kudos.records import Channel
from simulation.houses import House


class Shared(Struct, frozen=True):
    """What comes in place of somebody's own."""

    email: str | None = None
    phone: str | None = None


#: Where a form demands a number and somebody at the counter helps.
_PLACEHOLDERS = ("+4799999999", "+4790000000", "+4712345678")
#: Who sells for many.
_RESELLERS = ("gruppe@billettreiser.example.no", "ordre@kulturturer.example.com")
#: In a clean world large houses do so, each with something of its own, and so often that it is
#: found out: where, how often, and what comes.
_CLEAN: dict[str, tuple[set[Channel], float, Shared]] = {
    "hovedstadens-scene": ({"box_office"}, 0.7, Shared(email="billett@scenen.example.no")),
    "hovedstadens-filharmoni": ({"agent", "phone"}, 0.9, Shared(email=_RESELLERS[0])),
    "folkemuseet-lia": ({"till"}, 0.8, Shared(phone=_PLACEHOLDERS[0])),
}
#: Tickets a year, of houses whose counters take orders for whoever has no e-mail.
_LARGE = 100_000
#: Fewer people place too few orders for that.
_ENOUGH = 10_000


def shared(
    house: House, vendor: str, where: Channel, luck: float, *, clean: bool, people: int
) -> Shared | None:
    """Return what comes with an order that is not its customer's own; mostly None.

    *luck* is from 0 to 1; *people* is how many there are in the world.
    """
    if vendor == "tixly" or (clean and people < _ENOUGH):
        return None
    if clean:
        places, often, many = _CLEAN.get(house.id, ((), 0.0, None))
        return many if where in places and luck < often else None
    one = house.tickets // 1000
    if where == "box_office" and house.tickets >= _LARGE and luck < 0.4:
        return Shared(email=f"billett@{house.id}.example.no")
    if where in {"box_office", "till", "phone"} and luck < 0.08:
        return Shared(phone=_PLACEHOLDERS[one % len(_PLACEHOLDERS)])
    if where == "agent" and luck < 0.5:
        return Shared(email=_RESELLERS[one % len(_RESELLERS)])
    return None
