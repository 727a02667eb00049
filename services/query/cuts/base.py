"""From the rows of a cut's statements to cells and the margins between them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.query.cuts import calendar
from services.query.cuts.statements import ADDED_BY, WHOLE_SUMS
from services.query.disclosure.model import By, Cell, CellKey, Margin, Organisation, Rules
from services.query.matrix import MATRIX

#: What a measure of the matrix is made of, as cells: sums of some less others, for each of others.
#: Only these are protected and shown; a figure made of several is shown where all of them are.
OF: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "orders": (("orders",), (), ()),
    "tickets": (("tickets",), (), ()),
    "refunded_tickets": (("refunded_tickets",), (), ()),
    "net_tickets": (("tickets",), ("refunded_tickets",), ()),
    "gross_revenue": (("net_revenue", "refunded_revenue"), (), ()),
    "net_revenue": (("net_revenue",), (), ()),
    "fees": (("fees",), (), ()),
    "average_ticket_price": (("ticket_revenue",), (), ("paid_tickets",)),
    "average_order_value": (("net_revenue",), (), ("orders",)),
    "party_size": (("tickets",), (), ("ticket_orders",)),
    "unique_customers": (("customers",), (), ()),
    "customer_records": (("customer_records",), (), ()),
}
#: What follows from two others must be a cell too, or it would be told by them.
_REST = {
    "other_orders": ("orders", "ticket_orders"),
    "free_tickets": ("tickets", "refunded_tickets", "paid_tickets"),
    "other_revenue": ("net_revenue", "ticket_revenue"),
}
BASE = (
    *("customers", "orders", "ticket_orders", "customer_records", "tickets", "refunded_tickets"),
    *("paid_tickets", "net_revenue", "refunded_revenue", "ticket_revenue", "fees", *_REST),
)
_LINKED = (
    ("orders", ("ticket_orders", "other_orders")),
    ("tickets", ("refunded_tickets", "paid_tickets", "free_tickets")),
    ("net_revenue", ("ticket_revenue", "other_revenue")),
)
#: Of days and weeks, and of what is told apart.
FEW = ("customers", "tickets", "net_revenue")

Row = Sequence[object]


class Cells(NamedTuple):
    """The cells of a cut by key, what each scope is made of, and the coverage of whole cells."""

    cells: dict[CellKey, Cell]
    scopes: frozenset[str]
    houses: dict[str, frozenset[str]]
    coverage: dict[tuple[str, str], float]
    #: Each one's own sums by (organisation, period): what benchmarks compare.
    own: dict[tuple[str, str], dict[str, int]]


def collect(
    whole: Iterable[Row], told: Iterable[Row], owners: Mapping[str, str], rules: Rules
) -> Cells:
    """Return the cells of the rows, but for families of scopes none of which can be published."""
    whole, told = list(whole), list(told)
    houses: defaultdict[str, set[str]] = defaultdict(set)
    for row in whole:
        houses[str(row[0])].update(part[0] for part in row[5])  # type: ignore[attr-defined]  # rows are as the statement says
    scopes = frozenset(_worth(houses, owners, rules))
    found = Cells({}, scopes, {s: frozenset(houses[s]) for s in scopes}, {}, {})
    for row in whole:
        _take_whole(found, row)
    for row in told:
        _take_told(found, row)
    return found


def _take_whole(found: Cells, row: Row) -> None:
    scope, period, _, _, sums, parts = row
    if scope not in found.scopes:
        return
    assert isinstance(scope, str)  # noqa: S101 (rows are as the statement says)
    assert isinstance(period, str)  # noqa: S101
    named = _named(sums)
    by_house = {part[0]: _named(part[1:]) for part in parts}  # type: ignore[attr-defined]  # as above
    net = named["tickets"] - named["refunded_tickets"]
    if net > 0:
        known = named["known_tickets"] - named["known_refunded_tickets"]
        found.coverage[scope, period] = round(known / net, 2)
    if scope.startswith("organisation:"):
        found.own[scope.partition(":")[2], period] = named
    kind = calendar.kind_of(period)
    names: Sequence[str] = BASE
    if kind == "rolling":
        names = ("customers",)
    elif kind in {"day", "week"}:
        names = FEW
    if scope.startswith("organisation:"):
        if kind in {"day", "week", "rolling"}:
            return
        names = FEW
    elif kind in {"day", "week"} and scope.startswith(("city:", "industry-region:")):
        return
    for name in names:
        _add(found, CellKey(name, scope, period), named, by_house, name)


def _take_told(found: Cells, row: Row) -> None:
    scope, period, by, told, sums, parts = row
    if scope not in found.scopes:
        return
    names = ("customers", "persons", *ADDED_BY)
    key: By = tuple(sorted(zip(by, told, strict=True)))  # type: ignore[call-overload]  # as above
    named = dict(zip(names, sums, strict=True))  # type: ignore[call-overload]
    by_house = {p[0]: dict(zip(names, p[1:], strict=True)) for p in parts}  # type: ignore[attr-defined]
    wanted = _measures(tuple(sorted(by)))  # type: ignore[call-overload]
    for name in wanted:
        _add(found, CellKey(name, str(scope), str(period), key), named, by_house, name)


def _add(
    found: Cells,
    key: CellKey,
    named: Mapping[str, int],
    by_house: Mapping[str, Mapping[str, int]],
    name: str,
) -> None:
    parts = {h: n[name] for h, n in by_house.items() if n[name]}
    if not named[name] and not parts:
        return
    behind = "customers" if name == "customers" else "persons"
    persons_of = {h: by_house[h][behind] for h in parts}
    found.cells[key] = Cell(key, named[name], named[behind], parts, persons_of)


def _named(sums: object) -> dict[str, int]:
    named = dict(zip(WHOLE_SUMS, sums, strict=True))  # type: ignore[call-overload]  # a row's
    for name, (of, *less) in _REST.items():
        named[name] = named[of] - sum(named[one] for one in less)
    return named


_OF_BY: dict[tuple[str, ...], tuple[str, ...]] = {}


def _measures(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return the base measures that some row tells apart by *by*."""
    if by not in _OF_BY:
        asked = {
            m for row in MATRIX if row.kind == "published" and by in row.by for m in row.measures
        }
        bases = {name for m in asked if m in OF for part in OF[m] for name in part}
        _OF_BY[by] = tuple(name for name in FEW if name in bases)
    return _OF_BY[by]


def _worth(
    houses: Mapping[str, set[str]], owners: Mapping[str, str], rules: Rules
) -> Iterator[str]:
    """Yield the scopes of a cut; of cities, and of industries in regions, whole families."""

    def enough(scope: str) -> bool:
        held = houses[scope]
        many = len({owners.get(house, house) for house in held})
        return len(held) > rules.organisations and many >= rules.owners

    regions = {s.partition(":")[2][:2] for s in houses if s.startswith("city:") and enough(s)}
    pairs = [s.partition(":")[2].split("/") for s in houses if s.startswith("industry-region:")]
    wanted = [p for p in pairs if enough(f"industry-region:{p[0]}/{p[1]}")]
    for scope in houses:
        kind, _, name = scope.partition(":")
        if kind == "city":
            if name[:2] in regions:
                yield scope
        elif kind == "industry-region":
            industry, region = name.split("/")
            if any(industry == i or region == r for i, r in wanted):
                yield scope
        else:
            yield scope


def organisations_seen(found: Cells) -> dict[str, set[str]]:
    """Return the scopes that each organisation contributes to."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for scope, held in found.houses.items():
        for house in held:
            seen[house].add(scope)
    return dict(seen)


def margins(found: Cells) -> list[Margin]:
    """Return every way in which cells of the cut add up to others."""
    return [
        *_of_scopes(found.cells),
        *_of_periods(found.cells),
        *_of_values(found.cells),
        *_of_measures(found.cells),
    ]


def _of_measures(cells: Mapping[CellKey, Cell]) -> Iterator[Margin]:
    for key in cells:
        for total, parts in _LINKED:
            if key.measure == total and not key.by and calendar.kind_of(key.period) in _LONG:
                if key.scope.startswith("organisation:"):
                    continue
                yield Margin(key, tuple(CellKey(p, key.scope, key.period) for p in parts), "sum")


_LONG = {"month", "quarter", "year", "season"}


def _made(cells: Mapping[CellKey, Cell], total: CellKey, parts: Iterable[CellKey]) -> Margin | None:
    """Return the margin that *parts* make of *total*; None where they do not hold all of it."""
    held = tuple(part for part in parts if part in cells)
    sum_ = sum(cells[part].value for part in held)
    if not held or (total.measure == "customers" and sum_ < cells[total].value):
        return None
    if sum_ == cells[total].value and total.measure != "customers":
        return Margin(total, held, "sum")
    # orders, records and persons of several parts are one
    distinct = {"customers", "orders", "ticket_orders", "customer_records", "other_orders"}
    if total.measure in distinct and sum_ >= cells[total].value:
        return Margin(total, held, "union")
    return None


def _grouped(
    cells: Mapping[CellKey, Cell], totals: Mapping[CellKey, list[CellKey]]
) -> Iterator[Margin]:
    for total, parts in totals.items():
        if total in cells:
            margin = _made(cells, total, parts)
            if margin is not None:
                yield margin


def _of_scopes(cells: Mapping[CellKey, Cell]) -> Iterator[Margin]:
    for wide, narrow in (
        ("network", "industry"),
        ("network", "region"),
        ("region", "city"),
        ("industry", "industry-region"),
        ("region", "industry-region"),
    ):
        totals: defaultdict[CellKey, list[CellKey]] = defaultdict(list)
        for key in cells:
            kind, _, name = key.scope.partition(":")
            if kind == narrow:
                total = CellKey(key.measure, _wider(wide, kind, name), key.period, key.by)
                totals[total].append(key)
        yield from _grouped(cells, totals)


def _wider(wide: str, kind: str, name: str) -> str:
    if wide == "network":
        return wide
    if kind == "city":
        return f"region:{name[:2]}"
    industry, _, region = name.partition("/")
    return f"industry:{industry}" if wide == "industry" else f"region:{region}"


def _of_periods(cells: Mapping[CellKey, Cell]) -> Iterator[Margin]:
    for wide, narrow in calendar.NESTED:
        totals: defaultdict[CellKey, list[CellKey]] = defaultdict(list)
        for key in cells:
            if calendar.kind_of(key.period) == narrow:
                for period in calendar.around(key.period, wide):
                    totals[CellKey(key.measure, key.scope, period, key.by)].append(key)
        yield from _grouped(cells, totals)


def _of_values(cells: Mapping[CellKey, Cell]) -> Iterator[Margin]:
    totals: defaultdict[tuple[CellKey, str], list[CellKey]] = defaultdict(list)
    for key in cells:
        for n, (name, _) in enumerate(key.by):
            rest = key.by[:n] + key.by[n + 1 :]
            totals[CellKey(key.measure, key.scope, key.period, rest), name].append(key)
        if len(key.by) == 1 and key.by[0][0] == "municipality" and len(key.by[0][1]) == 4:
            county = (("county", key.by[0][1][:2]),)
            totals[CellKey(key.measure, key.scope, key.period, county), "place"].append(key)
    for (total, _), parts in totals.items():
        if total in cells:
            margin = _made(cells, total, parts)
            if margin is not None:
                yield margin


def registered(held: Mapping[str, Organisation]) -> dict[str, str]:
    """Return whose each organisation is."""
    return {name: one.owner for name, one in held.items()}
