"""Hold the cells of the last cut in memory, so that no answer waits for ClickHouse.

What a cut published never changes, and a later one writes only what it changes: the first time
everything is read, and then what is new.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from sys import intern
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from services.query.cuts import store
from services.query.cuts.store import Cut

#: Of whole cells it is told whose they are; of those that are told apart nobody asks.
_CELLS = """
SELECT scope, period, by, measure, told,
    argMax((value, why, instead, as_of, if(empty(by), mapKeys(parts), []), coverage), cut)
FROM published WHERE cut IN {cuts:Array(UInt64)}
GROUP BY scope, period, by, measure, told
"""
#: Blocks are small, and between two of them those who ask are answered.
_SETTINGS = {"max_block_size": 1024}
_PAUSE_S = 0.002


class Kept(Struct, frozen=True, gc=False):
    """A base cell as it is shown: its value, or why it has none."""

    value: int | None
    why: str
    instead: str
    as_of: datetime | None
    houses: tuple[str, ...]  # that contribute; of cells that nothing tells apart
    coverage: float | None


#: By base measure and values of the breakdowns.
Found = Mapping[tuple[str, tuple[str, ...]], Kept]
#: Scope, period, and by what cells are told apart, sorted.
Place = tuple[str, str, tuple[str, ...]]


class Held(Struct, frozen=True):
    """A cut, the cuts that its cells come from, and these by their places."""

    cut: Cut
    history: tuple[Cut, ...]  # the newest first
    cells: Mapping[Place, Found]


def hold(client: Client, before: Held | None) -> Held | None:
    """Return the last cut, from what *before* holds and what has come since; None: none yet."""
    history = tuple(store.history(client))
    if not history:
        return None
    if before is not None and before.history == history:
        return before
    known = {one.cut for one in before.history} if before is not None else set()
    new = {one.cut for one in history} - known
    if before is None or known - {one.cut for one in history} or min(new) < before.cut.cut:
        # what an older cut wrote does not replace what a newer one did
        before, new = None, {one.cut for one in history}
    return Held(history[0], history, _with(before.cells if before else {}, _read(client, new)))


def _with(
    before: Mapping[Place, Found], new: Mapping[Place, Mapping[tuple[str, tuple[str, ...]], Kept]]
) -> dict[Place, Found]:
    return {**before, **{place: {**before.get(place, {}), **cells} for place, cells in new.items()}}


def _read(client: Client, cuts: set[int]) -> dict[Place, dict[tuple[str, tuple[str, ...]], Kept]]:
    found: defaultdict[Place, dict[tuple[str, tuple[str, ...]], Kept]] = defaultdict(dict)
    same: dict[Any, Any] = {}
    for scope, period, by, measure, told, row in _rows(client, cuts):
        value, why, instead, as_of, houses, coverage = row
        of = tuple(houses)
        kept = Kept(
            *(value, intern(why), intern(instead), same.setdefault(as_of, as_of)),
            *(same.setdefault(of, of), coverage),
        )
        values = tuple(map(intern, told))
        place = intern(scope), intern(period), tuple(map(intern, by))
        found[place][intern(measure), same.setdefault(values, values)] = kept
    return dict(found)


def _rows(client: Client, cuts: set[int]) -> Iterator[Any]:
    asked = {"cuts": sorted(cuts)}
    with client.query_row_block_stream(_CELLS, parameters=asked, settings=_SETTINGS) as stream:
        for block in stream:
            yield from block
            time.sleep(_PAUSE_S)
