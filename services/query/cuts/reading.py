"""Reading the last cut: its cells from memory; benchmarks and cross-use when they are asked for.

What a cut published never changes, so that what was read is kept until the next cut.
"""

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

from clickhouse_connect.driver.client import Client

from services.query.cuts.base import OF
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.holding import Found, Held, hold
from services.query.cuts.shared import Shared
from services.query.cuts.store import Cut, Seen
from services.query.pool import Pool

#: Another cut is looked for so often; and so many answers are kept.
LOOK_S, _MOST = 1.0, 20_000
_BENCHMARK = """
SELECT argMax((organisations, quartiles, own, why, instead), cut), count()
FROM benchmarks
WHERE scope = {scope:String} AND period = {period:String} AND measure = {measure:String}
    AND cut IN (SELECT cut FROM cuts) AND cut <= {cut:UInt64}
"""
_SHARED = """
SELECT argMax((customers, network, other.kind, other.name, other.shared, other.theirs, other.why),
    cut), count()
FROM shared_customers
WHERE organisation = {organisation:String} AND period = {period:String}
    AND cut IN (SELECT cut FROM cuts) AND cut <= {cut:UInt64}
"""


class Reader:
    """The last cut, by clients of a pool; asked by threads.

    Where somebody calls ``follow`` every second, whoever asks waits for nothing: until a new cut
    is in memory the one before it is answered. Where nobody does, who asks looks.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._followed, self._looked = False, -LOOK_S
        self._held: Held | None = None
        self._kept: dict[tuple[object, ...], Any] = {}
        self._reading: dict[tuple[object, ...], threading.Lock] = {}

    def follow(self) -> None:
        """Look for a cut that is newer than the one that is held, and take it into memory."""
        self._look()
        self._followed = True

    def _look(self) -> None:
        with self._looking:
            with self._pool.client() as client:
                found = hold(client, self._held)
            with self._lock:
                changed = found is not self._held
                if changed:
                    self._kept.clear()
                    self._reading.clear()
                self._held, self._looked = found, time.monotonic()
            if changed:
                # else whoever asks waits while the collector walks through a cut that stays
                gc.freeze()

    def last(self) -> Cut | None:
        """Return the last cut that was completed; None before the first."""
        held = self._now()
        return held.cut if held else None

    def history(self) -> list[Cut]:
        """Return every cut, the newest first."""
        held = self._now()
        return list(held.history) if held else []

    def cells(self, scope: str, period: str, by: tuple[str, ...]) -> Found:
        """Return the base cells of a scope and period, told apart by *by*, which is sorted."""
        held = self._now()
        return held.cells.get((scope, period, by), {}) if held else {}

    def benchmark(self, scope: str, period: str, measure: str) -> Benchmark | None:
        """Return a benchmark; None where nobody contributes."""

        def read(client: Client, cut: int) -> Benchmark | None:
            asked = {"scope": scope, "period": period, "measure": measure, "cut": cut}
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

        def read(client: Client, cut: int) -> Seen | None:
            asked = {"organisation": organisation, "period": period, "cut": cut}
            [(row, many)] = client.query(_SHARED, parameters=asked).result_rows
            if not many:
                return None
            customers, network, *columns = row
            others = tuple(Shared(*one) for one in zip(*columns, strict=True))
            return Seen(organisation, period, customers, network, others)

        found: Seen | None = self._keep(("shared", organisation, period), read)
        return found

    def _now(self) -> Held | None:
        if not self._followed and time.monotonic() - self._looked >= LOOK_S:
            self._look()
        return self._held

    def _keep(self, key: tuple[object, ...], read: Callable[[Client, int], Any]) -> Any:
        last = self.last()
        if last is None:
            return None
        full = (last.cut, *key)
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
                    found = self._kept[full] = read(client, last.cut)
            return found


def bases(measure: str) -> tuple[str, ...]:
    """Return the base measures that a figure is made of."""
    return tuple(name for part in OF[measure] for name in part)
