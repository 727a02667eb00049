"""From the rows of a cut's statements to cells."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from services.query.cuts import calendar
from services.query.cuts.statements import ADDED_BY, WHOLE_SUMS
from services.query.disclosure.model import By, Cell, CellKey, Rules
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
#: What is money, and rounded where it is of groups.
MONEY = frozenset({"net_revenue", "refunded_revenue", "ticket_revenue", "other_revenue", "fees"})
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
    # in an order of their own: ClickHouse's is another every time, and so would be what is withheld
    whole, told = sorted(whole, key=_place), sorted(told, key=_place)
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


def _place(row: Row) -> Any:
    return row[:4]


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
        found.coverage[scope, period] = float(round(Fraction(known, net), 2))
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
    parts = {h: by_house[h][name] for h in sorted(by_house) if by_house[h][name]}
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
