"""What cuts keep in ClickHouse: cells as they were published, and what was behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.clickhouse import utc
from kudos.currencies import DIGITS
from kudos.ledger import watermarks
from kudos.rates import Rate, every_day
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.members import Member
from services.query.cuts.shared import Shared
from services.query.disclosure.model import Cell, CellKey, Standing, Verdict

_CUTS = """
SELECT cut, as_of, last, scopes, cells, published, written, done_at, unconverted FROM cuts FINAL
"""
_NEWEST = """
SELECT scope, period, by, told, measure,
    argMax((as_of, value, why, instead, exact, persons, parts, persons_of, coverage), cut)
FROM published WHERE cut IN (SELECT cut FROM cuts)
GROUP BY scope, period, by, told, measure
"""
_MEMBERS = """
SELECT organisation, since, industry, city, owner, gone FROM memberships FINAL
"""
_COLUMNS = (
    *("scope", "period", "by", "told", "measure", "cut", "as_of", "value", "why", "instead"),
    *("exact", "persons", "parts", "persons_of", "coverage"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What everything a cut reads must have taken in.
_READ = ("facts", "visits")


class Cut(Struct, frozen=True):
    """A cut that was completed; *cut* is when it began, in microseconds since 1970."""

    cut: int
    as_of: datetime | None
    last: date
    scopes: frozenset[str]
    cells: int
    published: int
    written: int
    done_at: datetime
    #: By "organisation year" the currencies that money of groups leaves out.
    unconverted: Mapping[str, Sequence[str]] = {}


class Known(Struct, frozen=True):
    """The newest row of a cell."""

    cell: Cell
    as_of: datetime | None
    value: int | None
    why: str
    instead: str


def history(client: Client) -> list[Cut]:
    """Return every completed cut, the newest first."""
    rows = client.query(f"{_CUTS} ORDER BY cut DESC").result_rows
    return [_cut(*row) for row in rows]


def _cut(cut: int, at: datetime | None, last: date, scopes: list[str], *counts: Any) -> Cut:
    cells, published, written, done_at, unconverted = counts
    scopes_, begun = frozenset(scopes), None if at is None else utc(at)
    return Cut(cut, begun, last, scopes_, cells, published, written, utc(done_at), unconverted)


def as_of(client: Client) -> datetime | None:
    """Return the time before which everything received is in what a cut reads."""
    known = watermarks(client)
    found = [known[name] for name in _READ if name in known]
    return min(found) if len(found) == len(_READ) else None


def members(client: Client) -> list[Member]:
    """Return the history of memberships."""
    return [Member(*row) for row in client.query(_MEMBERS).result_rows]


def add_members(client: Client, new: Sequence[Member], version: int) -> None:
    """Add to the history of memberships."""
    if new:
        rows = [
            (m.organisation, m.since, m.industry, m.city, m.owner, m.gone, version) for m in new
        ]
        names = ["organisation", "since", "industry", "city", "owner", "gone", "version"]
        client.insert("memberships", rows, column_names=names)


def known(client: Client) -> dict[CellKey, Known]:
    """Return the newest row of every cell."""
    found = {}
    for scope, period, by, told, measure, row in client.query(_NEWEST).result_rows:
        at, value, why, instead, exact, persons, parts, persons_of, _ = row
        key = CellKey(measure, scope, period, tuple(sorted(zip(by, told, strict=True))))
        cell = Cell(key, exact, persons, parts, persons_of)
        found[key] = Known(cell, None if at is None else utc(at), value, why, instead)
    return found


def standing(held: Mapping[CellKey, Known]) -> list[Standing]:
    """Return those that are published."""
    return [
        Standing(one.cell, one.value, one.as_of or _EPOCH)
        for one in held.values()
        if one.value is not None
    ]


def write(
    client: Client,
    cut: tuple[int, datetime | None],
    found: tuple[Mapping[CellKey, Cell], Mapping[tuple[str, str], float]],
    verdicts: Iterable[Verdict],
    before: Mapping[CellKey, Known],
) -> tuple[int, int]:
    """Write the cells that are others than *before*; return how many are published, and written."""
    published, rows = 0, []
    for verdict in verdicts:
        published += verdict.value is not None
        row = _row(cut, found, verdict, before.get(verdict.key))
        if row is not None:
            rows.append(row)
    for n in range(0, len(rows), 50_000):
        client.insert("published", rows[n : n + 50_000], column_names=_COLUMNS)
    return published, len(rows)


def _row(
    cut: tuple[int, datetime | None],
    found: tuple[Mapping[CellKey, Cell], Mapping[tuple[str, str], float]],
    verdict: Verdict,
    before: Known | None,
) -> tuple[object, ...] | None:
    cells, coverage = found
    key, cell = verdict.key, cells.get(verdict.key)
    if verdict.stands or cell is None:
        return None
    why, instead = verdict.why or "", verdict.instead or ""
    if before is not None:
        same = (before.value, before.why, before.instead) == (verdict.value, why, instead)
        if same and before.cell == cell:
            return None
    return (
        *(key.scope, key.period, [name for name, _ in key.by], [value for _, value in key.by]),
        *(key.measure, *cut, verdict.value, str(why), instead),
        *(cell.value, cell.persons, cell.parts, cell.persons_of),
        coverage.get((key.scope, key.period)),
    )


def write_benchmarks(
    client: Client, cut: tuple[int, datetime | None], found: Iterable[Benchmark]
) -> None:
    """Write the benchmarks of a cut."""
    rows = [
        (
            *(b.scope, b.period, b.measure, *cut, b.organisations, list(b.quartiles)),
            *(b.why, b.instead, dict(b.own)),
        )
        for b in found
    ]
    names = ["scope", "period", "measure", "cut", "as_of", "organisations", "quartiles"]
    names += ["why", "instead", "own"]
    if rows:
        client.insert("benchmarks", rows, column_names=names)


class Seen(Struct, frozen=True):
    """One organisation's cross-use over one period."""

    organisation: str
    period: str
    customers: int
    network: int
    others: tuple[Shared, ...]


def write_shared(client: Client, cut: tuple[int, datetime | None], found: Iterable[Seen]) -> None:
    """Write the cross-use of a cut."""
    rows = [
        (
            *(one.organisation, one.period, *cut, one.customers, one.network),
            *(
                [getattr(x, name) for x in one.others]
                for name in ("kind", "name", "shared", "theirs", "why")
            ),
        )
        for one in found
    ]
    names = ["organisation", "period", "cut", "as_of", "customers", "network"]
    names += [f"other.{name}" for name in ("kind", "name", "shared", "theirs", "why")]
    if rows:
        client.insert("shared_customers", rows, column_names=names)


_SHARED = """
SELECT organisation, period, argMax((customers, network, other.kind, other.name, other.shared,
    other.theirs, other.why), cut)
FROM shared_customers WHERE cut IN (SELECT cut FROM cuts)
GROUP BY organisation, period
"""


def shared_before(client: Client) -> Iterator[tuple[tuple[str, str], list[Shared]]]:
    """Yield the newest cross-use of each organisation and period."""
    for organisation, period, (_, _, *columns) in client.query(_SHARED).result_rows:
        yield (organisation, period), [Shared(*one) for one in zip(*columns, strict=True)]


def complete(client: Client, done: Cut) -> None:
    """Say that a cut is whole: from now on it is what is answered."""
    names = ["cut", "as_of", "last", "scopes", "cells", "published", "written", "done_at"]
    names.append("unconverted")
    row = (done.cut, done.as_of, done.last, sorted(done.scopes), done.cells, done.published)
    told = (done.written, done.done_at, dict(done.unconverted))
    client.insert("cuts", [(*row, *told)], column_names=names)


def write_rates(client: Client, known: Iterable[Rate], version: int) -> None:
    """Write the rate of every day, in minor units for one minor unit."""
    rows = [
        (
            one.currency,
            one.day,
            float(one.rate) * 10.0 ** (2 - DIGITS.get(one.currency, 2)),
            version,
        )
        for one in every_day(known)
    ]
    for n in range(0, len(rows), 50_000):
        names = ["currency", "day", "rate", "version"]
        client.insert("exchange_rates", rows[n : n + 50_000], column_names=names)
