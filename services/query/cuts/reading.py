"""Reading the last cut: cells of one scope and period, benchmarks, cross-use; kept while it stands.

What a cut published never changes, so that an answer of it is kept until the next cut.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from services.query.cuts import store
from services.query.cuts.base import OF
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.shared import Shared
from services.query.cuts.store import Cut, Seen
from services.query.pool import Pool

#: Another cut is looked for so often; and so many answers are kept.
_LOOK_S, _MOST = 1.0, 20_000
_CELLS = """
SELECT measure, told, argMax((value, why, instead, as_of, mapKeys(parts), coverage), cut)
FROM published
WHERE scope = {scope:String} AND period = {period:String} AND by = {by:Array(String)}
    AND cut IN (SELECT cut FROM cuts)
GROUP BY measure, told
"""
_BENCHMARK = """
SELECT argMax((organisations, quartiles, own, why, instead), cut), count()
FROM benchmarks
WHERE scope = {scope:String} AND period = {period:String} AND measure = {measure:String}
    AND cut IN (SELECT cut FROM cuts)
"""
_SHARED = """
SELECT argMax((customers, network, other.kind, other.name, other.shared, other.theirs, other.why),
    cut), count()
FROM shared_customers
WHERE organisation = {organisation:String} AND period = {period:String}
    AND cut IN (SELECT cut FROM cuts)
"""


class Kept(Struct, frozen=True):
    """A base cell as it is shown: its value, or why it has none."""

    value: int | None
    why: str
    instead: str
    as_of: datetime | None
    houses: tuple[str, ...]
    coverage: float | None


#: By base measure and values of the breakdowns.
Found = Mapping[tuple[str, tuple[str, ...]], Kept]


class Reader:
    """The last cut, by clients of a pool; asked by threads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._looked = -_LOOK_S
        self._last: Cut | None = None
        self._kept: dict[tuple[object, ...], Any] = {}
        self._reading: dict[tuple[object, ...], threading.Lock] = {}

    def last(self) -> Cut | None:
        """Return the last cut that was completed; None before the first."""
        with self._lock:
            if time.monotonic() - self._looked < _LOOK_S:
                return self._last
        with self._pool.client() as client:
            found = next(iter(store.history(client)), None)
        with self._lock:
            if found != self._last:
                self._kept.clear()
                self._reading.clear()
            self._last, self._looked = found, time.monotonic()
        return found

    def history(self) -> list[Cut]:
        """Return every cut, the newest first."""
        with self._pool.client() as client:
            return store.history(client)

    def cells(self, scope: str, period: str, by: tuple[str, ...]) -> Found:
        """Return the base cells of a scope and period, told apart by *by*, which is sorted."""

        def read(client: Client) -> Found:
            asked = {"scope": scope, "period": period, "by": list(by)}
            rows = client.query(_CELLS, parameters=asked).result_rows
            return {
                (measure, tuple(told)): Kept(row[0], row[1], row[2], row[3], tuple(row[4]), row[5])
                for measure, told, row in rows
            }

        found: Found = self._keep(("cells", scope, period, by), read)
        return found

    def benchmark(self, scope: str, period: str, measure: str) -> Benchmark | None:
        """Return a benchmark; None where nobody contributes."""

        def read(client: Client) -> Benchmark | None:
            asked = {"scope": scope, "period": period, "measure": measure}
            [(row, many)] = client.query(_BENCHMARK, parameters=asked).result_rows
            if not many:
                return None
            organisations, quartiles, own, why, instead = row
            return Benchmark(
                *(scope, period, measure, organisations, tuple(quartiles), own, why, instead)
            )

        found: Benchmark | None = self._keep(("benchmark", scope, period, measure), read)
        return found

    def shared(self, organisation: str, period: str) -> Seen | None:
        """Return an organisation's cross-use; None where it had no customers."""

        def read(client: Client) -> Seen | None:
            asked = {"organisation": organisation, "period": period}
            [(row, many)] = client.query(_SHARED, parameters=asked).result_rows
            if not many:
                return None
            customers, network, *columns = row
            others = tuple(Shared(*one) for one in zip(*columns, strict=True))
            return Seen(organisation, period, customers, network, others)

        found: Seen | None = self._keep(("shared", organisation, period), read)
        return found

    def _keep(self, key: tuple[object, ...], read: Callable[[Client], Any]) -> Any:
        last = self.last()
        full = (last and last.cut, *key)
        missing = object()
        found = self._kept.get(full, missing)
        if found is not missing:
            return found
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
                self._reading.clear()
            reading = self._reading.setdefault(full, threading.Lock())
        with reading:  # who asks the same meanwhile waits for one reading
            found = self._kept.get(full, missing)
            if found is missing:
                with self._pool.client() as client:
                    found = self._kept[full] = read(client)
            return found


def bases(measure: str) -> tuple[str, ...]:
    """Return the base measures that a figure is made of."""
    return tuple(name for part in OF[measure] for name in part)
