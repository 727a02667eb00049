"""How the cells of a cut add up to each other: over scopes, periods, values and measures."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from services.query.cuts import calendar
from services.query.disclosure.model import Cell, CellKey, Margin

_LINKED = (
    ("orders", ("ticket_orders", "other_orders")),
    ("tickets", ("refunded_tickets", "paid_tickets", "free_tickets")),
    ("net_revenue", ("ticket_revenue", "other_revenue")),
)
_LONG = {"month", "quarter", "year", "season"}
#: Orders, records and persons of several parts are one.
_DISTINCT = {"customers", "orders", "ticket_orders", "customer_records", "other_orders"}


def margins(cells: Mapping[CellKey, Cell]) -> list[Margin]:
    """Return every way in which cells of the cut add up to others."""
    return [
        *_of_scopes(cells),
        *_of_periods(cells),
        *_of_values(cells),
        *_of_measures(cells),
    ]


def _of_measures(cells: Mapping[CellKey, Cell]) -> Iterator[Margin]:
    for key in cells:
        for total, parts in _LINKED:
            if key.measure == total and not key.by and calendar.kind_of(key.period) in _LONG:
                if key.scope.startswith("organisation:"):
                    continue
                yield Margin(key, tuple(CellKey(p, key.scope, key.period) for p in parts), "sum")


def _made(cells: Mapping[CellKey, Cell], total: CellKey, parts: Iterable[CellKey]) -> Margin | None:
    """Return the margin that *parts* make of *total*; None where they do not hold all of it."""
    held = tuple(part for part in parts if part in cells)
    sum_ = sum(cells[part].value for part in held)
    if not held or (total.measure == "customers" and sum_ < cells[total].value):
        return None
    if sum_ == cells[total].value and total.measure != "customers":
        return Margin(total, held, "sum")
    if total.measure in _DISTINCT and sum_ >= cells[total].value:
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
