"""The rule of time: a later cut replaces a cell only where the change itself may be published."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from services.query.disclosure.complement import complete
from services.query.disclosure.crowd import OWN_SCOPE, fault
from services.query.disclosure.groups import places, separate
from services.query.disclosure.model import Cell, CellKey, Margin, Rules, Standing, Why
from services.query.disclosure.network import Network, Spot


def change(new: Cell, old: Cell) -> Cell:
    """Give the cell of what changed, so that it is judged as any other.

    Its value, its parts and its persons are differences, and may be below 0; of the persons that
    were touched this is the least that the counts allow, where it was not counted.
    """
    return Cell(
        key=new.key,
        value=new.value - old.value,
        persons=new.persons - old.persons,
        parts=_difference(new.parts, old.parts),
        persons_of=_difference(new.persons_of, old.persons_of),
        touched=new.touched,
    )


def _difference(new: Mapping[str, int], old: Mapping[str, int]) -> dict[str, int]:
    changes = {o: new.get(o, 0) - old.get(o, 0) for o in sorted(new.keys() | old.keys())}
    return {o: part for o, part in changes.items() if part}


def drift(
    level: Network, cells: Mapping[CellKey, Cell], previous: Mapping[CellKey, Standing]
) -> dict[tuple[Spot, str], int]:
    """Say of what was shown and is another value now how near the old one is, to who knows.

    An earlier value that stands tells that little has changed: at most twice what really has.
    """
    found = {}
    for key, one in previous.items():
        if one.value is not None and key in cells:
            found[level.spot(key), key.measure] = 2 * abs(cells[key].value - one.cell.value)
    return {where: far for where, far in found.items() if far}


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
        if delta.value or delta.persons or delta.parts or delta.persons_of or delta.touched:
            # a merge touches persons and no part; an exchange persons, and no value
            changed.append(delta)
    network = Network(changed, margins, level.owners, rules)
    network.ranks = level.ranks
    shown = network.shown = {
        level.spot(key) for key, one in previous.items() if one.value is not None
    }
    for spot, crowds in network.crowds.items():
        if spot not in shown:
            # neither old nor withheld figures give their change away; new ones are known anew
            if spot in level.withheld:
                network.withheld[spot] = Why.TIME
        elif spot in level.held or any(fault(crowd, rules) for crowd in crowds):
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
    tables = _tables(network)
    while pending:
        pending = complete(network, pending)
        for spots in groups:
            pending += separate(network, spots)
        pending += _whole(network, tables)


def _tables(network: Network) -> list[list[Spot]]:
    """Bring together what groups are told of one period by one breakdown."""
    tables: dict[tuple[str, str, tuple[str, ...]], list[Spot]] = defaultdict(list)
    for spot in network.cells:
        if not spot.scope.startswith(OWN_SCOPE):
            tables[spot.family, spot.period, tuple(name for name, _ in spot.by)].append(spot)
    return list(tables.values())


def _whole(network: Network, tables: Iterable[list[Spot]]) -> list[Spot]:
    """Let a table stand as a whole where anything in it does; return what stands besides.

    Else sums of several, of groups and values, would tell together what none tells alone.
    """
    besides = []
    for spots in tables:
        if any(spot in network.shown and spot in network.withheld for spot in spots):
            besides += [spot for spot in spots if spot not in network.withheld]
    network.withheld |= dict.fromkeys(besides, Why.TIME)
    return besides
