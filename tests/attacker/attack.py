"""Ask everything that one member, or two together, may ask, and work out what was withheld."""

from collections import defaultdict
from collections.abc import Iterator

from services.query.disclosure.model import CellKey, Rules
from tests.attacker import bounds, exact
from tests.attacker.campaign import Cut, play
from tests.attacker.truth import OWN, Truth


def campaign(seed: int, rules: Rules, cuts: int = 3) -> list[str]:
    """Play so many cuts of a network, and return what an attacker gets out of them."""
    return attack(play(seed, rules, cuts), rules)


def attack(cuts: list[Cut], rules: Rules) -> list[str]:
    """Return everything that can be worked out and may not be known."""
    found = [*exact.levels(cuts, rules), *exact.changes(cuts, rules)]
    for number, cut in enumerate(cuts):
        found += third(cut, rules)
        largest = two_largest(cut.truth)
        for asking in ((), largest[:1], largest):
            found += bounds.of_groups(cuts, number, asking, rules)
        for name in cut.truth.asking:
            found += bounds.of_oneself(cuts, number, name, rules)
    return found


def third(cut: Cut, rules: Rules) -> Iterator[str]:
    """Work out one of three figures that follow from each other: what is net, or a mean price."""
    cells = {cell.key: cell.value for cell in cut.truth.cells()}
    for key in sorted(cut.why):
        if key.by or key.scope.startswith(OWN) or not cells[key]:
            continue

        def shown(measure: str, at: CellKey = key) -> int | None:
            return cut.shown.get(CellKey(measure, at.scope, at.period))

        tickets, refunded, net = shown("tickets"), shown("refunded"), shown("net")
        revenue, price = shown("revenue"), shown("price")
        told: dict[str, float | None] = {
            "refunded": None if tickets is None or net is None else tickets - net,
            "net": None if tickets is None or refunded is None else tickets - refunded,
            "tickets": None if net is None or refunded is None else net + refunded,
            "revenue": None if tickets is None or price is None else tickets * price,
            "price": None if not tickets or revenue is None else revenue / tickets,
        }
        guess = told.get(key.measure)
        if guess is not None and abs(guess - cells[key]) <= rules.p * abs(cells[key]):
            yield f"{key.measure} of {key.scope} in {key.period}: {guess} by the other two"


def two_largest(truth: Truth) -> tuple[str, ...]:
    """Name two owners that know most."""
    sold: dict[str, int] = defaultdict(int)
    for (name, _, _), part in truth.parts.items():
        sold[truth.owner[name]] += part.tickets
    return tuple(sorted(sold, key=lambda owner: (-sold[owner], owner))[:2])
