"""The rule of time: a later cut replaces a cell only where the change itself may be published."""

from collections.abc import Iterable, Mapping

from services.query.disclosure.complement import complete
from services.query.disclosure.crowd import fault
from services.query.disclosure.groups import places, separate
from services.query.disclosure.model import Cell, CellKey, Margin, Rules, Standing, Why
from services.query.disclosure.network import Network, Spot


def change(new: Cell, old: Cell) -> Cell:
    """Give the cell of what changed, so that it is judged as any other.

    Its parts are each organisation's change. Its persons are those touched, where that was
    counted, else the least that the counts allow.
    """
    parts = _difference(new.parts, old.parts)
    persons_of = {o: abs(n) for o, n in _difference(new.persons_of, old.persons_of).items()}
    least = max([abs(new.persons - old.persons), *persons_of.values()])
    return Cell(
        key=new.key,
        value=max(abs(new.value - old.value), sum(abs(part) for part in parts.values())),
        persons=least if new.touched is None else new.touched,
        parts=parts,
        persons_of=persons_of,
    )


def _difference(new: Mapping[str, int], old: Mapping[str, int]) -> dict[str, int]:
    changes = {o: new.get(o, 0) - old.get(o, 0) for o in sorted(new.keys() | old.keys())}
    return {o: part for o, part in changes.items() if part}


def standing(
    level: Network,
    cells: Mapping[CellKey, Cell],
    previous: Mapping[CellKey, Standing],
    margins: Iterable[Margin],
    rules: Rules,
) -> tuple[set[Spot], set[Spot]]:
    """Name the spots whose earlier values stand, and the new ones that must be withheld.

    The changes are a table of their own, protected as the cells are: a change that does not pass
    is not made, nor what would reveal it by subtraction. What was not shown before cannot stand:
    beside values that do it may tell their change, and is then withheld.
    """
    changed = []
    for key in sorted(cells.keys() | previous.keys()):
        empty = Cell(key=key, value=0, persons=0, parts={})
        old = previous[key].cell if key in previous else empty
        delta = change(cells.get(key, empty), old)
        if delta.value or delta.persons:
            # a merge touches persons and no part; an exchange persons, and no value
            changed.append(delta)
    network = Network(changed, margins, level.owners, rules)
    shown = {level.spot(key) for key, one in previous.items() if one.value is not None}
    for spot, crowds in network.crowds.items():
        if spot not in shown:
            # neither old nor withheld figures give their change away; new ones are known anew
            if spot in level.withheld:
                network.withheld[spot] = Why.TIME
        elif any(fault(crowd, rules) for crowd in crowds):
            network.withheld[spot] = Why.TIME
    # rather than that something new is withheld, something else stands
    network.fixed = network.cells.keys() - shown
    _complete(network)
    network.fixed = set()
    _complete(network)
    hidden = network.withheld.keys()
    return shown & hidden, hidden - shown - level.withheld.keys()


def _complete(network: Network) -> None:
    pending = list(network.withheld)
    groups = places(network)
    while pending:
        pending = complete(network, pending)
        for spots in groups:
            pending += separate(network, spots)
