"""Write facts into ClickHouse: any order, any number of times, several writers, killed anywhere.

The journal of versions is written before the facts and read after: whoever comes last knows every
day that has to be cleared. Marks come last, so what was not finished is done again, and what was
done twice is the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from services.aggregate.facts import (
    Fact,
    Head,
    History,
    Receipt,
    Row,
    SalesLine,
    again,
    cells,
    columns,
    date_of,
    rows_of,
)

#: Ids a query: more would make its text longer than the server reads.
_IDS = 2000
_JOURNAL = """
SELECT transaction_id, revision, toUnixTimestamp64Micro(received_at), toString(organisation),
    toString(vendor), arrayMap(d -> toUInt16(d), days), undated
FROM versions WHERE transaction_id IN {ids:Array(UInt128)}
"""
#: How times are read, so that they compare with what is written.
_SECONDS = {
    "sold_at": "toUnixTimestamp(sold_at)",
    "line.at": "arrayMap(t -> toUnixTimestamp(t), line.at)",
    "line.starts_at": "arrayMap(t -> toUnixTimestamp(t), line.starts_at)",
}
_COLUMNS = [*Head._fields, *(f"line.{name}" for name in SalesLine._fields)]
_STORED = f"""
SELECT toUInt16(day), {", ".join(_SECONDS.get(name, name) for name in _COLUMNS)}
FROM sales FINAL
WHERE day IN {{days:Array(Date)}} AND organisation IN {{organisations:Array(String)}}
    AND transaction_id IN {{ids:Array(UInt128)}}
"""  # noqa: S608 (names of our own columns)


def write(client: Client, facts: Sequence[Fact]) -> list[Fact]:
    """Store *facts*, and return those whose version another content has too."""
    if not facts:
        return []
    note(client, facts)
    histories = read_journal(client, {f.receipt.transaction_id for f in facts})
    insert_rows(client, standing_rows(facts, histories))
    histories |= settle(client, histories)
    mark(client, cells(histories))
    return [f for f in facts if histories[f.receipt.transaction_id].conflicts(f.receipt.revision)]


def note(client: Client, facts: Iterable[Fact]) -> None:
    """Write the receipts into the journal: before anything else."""
    values = [*zip(*(f.receipt for f in facts), strict=True)]
    client.insert("versions", values, column_names=Receipt._fields, column_oriented=True)


def read_journal(client: Client, ids: Iterable[int]) -> dict[int, History]:
    """Return what the journal holds of *ids*, from whomever it came."""
    found: defaultdict[int, list[Receipt]] = defaultdict(list)
    for part in _parts(sorted(ids)):
        for id_, *rest in client.query(_JOURNAL, parameters={"ids": part}).result_rows:
            found[id_].append(Receipt(id_, *rest))
    return {id_: History(tuple(receipts)) for id_, receipts in found.items()}


def standing_rows(facts: Iterable[Fact], histories: Mapping[int, History]) -> list[Row]:
    """Return the rows of those facts that are the newest; older ones stand nowhere any more.

    Whoever noted a newer one has come so far, or will: it clears the days of this one too.
    """
    standing = {
        f.receipt.transaction_id: f
        for f in facts
        if f.receipt.revision == histories[f.receipt.transaction_id].newest
    }
    return [row for id_, fact in standing.items() for row in rows_of(fact, histories[id_])]


def insert_rows(client: Client, rows: Sequence[Row]) -> None:
    """Write *rows* as facts."""
    if rows:
        names, values = columns(rows)
        client.insert("sales", values, column_names=names, column_oriented=True)


def settle(client: Client, histories: Mapping[int, History]) -> dict[int, History]:
    """Put undated refunds on the day of their earliest receipt; return the histories that count.

    Rows of one revision differ by the receipts that their writers knew of, and the last one
    stands. So the journal is read again after each writing, until it tells nothing new: then
    whoever noted a receipt later will find these rows, and move them.
    """
    undated = {id_: h for id_, h in histories.items() if h.has_undated}
    settled: dict[int, History] = {}
    while undated:
        known = read_journal(client, undated)
        moved = misplaced(_stored(client, known), known)
        insert_rows(client, moved)
        settled |= known
        undated = {id_: known[id_] for id_ in {row.head.transaction_id for row in moved}}
    return settled


def misplaced(stored: Mapping[int, Sequence[Row]], histories: Mapping[int, History]) -> list[Row]:
    """Return the rows of transactions whose newest version stands elsewhere than it should.

    Where not all of its undated lines are stored, its writer has not come so far, and will read
    the journal after it has.
    """
    moved: list[Row] = []
    for id_, rows in stored.items():
        history = histories[id_]
        standing = [row for row in rows if row.head.revision == history.newest]
        fact = again(standing)
        if fact is None or set(fact.receipt.undated) != history.undated_of(history.newest):
            continue
        wanted = rows_of(fact, history)
        there = {row.day: frozenset(row.lines) for row in standing}
        if any(there.get(row.day, frozenset()) != frozenset(row.lines) for row in wanted):
            moved += wanted
    return moved


def mark(client: Client, stale: Sequence[tuple[int, str]]) -> None:
    """Count a mark for each cell, last of all."""
    days, names = [day for day, _ in stale], [name for _, name in stale]
    values: list[list[Any]] = [days, names, [1] * len(stale)]
    columns_ = ["day", "organisation", "marks"]
    client.insert("marks", values, column_names=columns_, column_oriented=True)


def _stored(client: Client, histories: Mapping[int, History]) -> dict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for ids in _parts(sorted(histories)):
        asked: dict[str, Any] = {
            "ids": ids,
            "days": [date_of(d) for d in sorted({d for i in ids for d in histories[i].days})],
            "organisations": sorted({r.organisation for i in ids for r in histories[i].receipts}),
        }
        for day, *rest in client.query(_STORED, parameters=asked).result_rows:
            head = Head(*rest[: len(Head._fields)])
            lines = zip(*rest[len(Head._fields) :], strict=True)
            row = Row(day, head, tuple(SalesLine(*line) for line in lines))
            found[head.transaction_id].append(row)
    return found


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))
