"""A made-up cut: figures of groups for the pages, some of them withheld, with no database."""

import zlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from services.query.auditing import Auditor
from services.query.beside import Beside
from services.query.cuts.base import BASE
from services.query.cuts.benchmarks import Benchmark
from services.query.cuts.holding import Found, Kept
from services.query.cuts.reading import Reader
from services.query.cuts.shared import Shared
from services.query.cuts.store import Cut, Seen
from services.query.pool import Pool
from services.query.vocabulary import VOCABULARY

_AT = datetime(2026, 5, 19, 2, 30, tzinfo=UTC)
#: The city is not computed: too few are in it.
SCOPES = frozenset({"network", "industry:scenekunst", "region:03"})
_HOUSES = ("border", "theatre", *(f"house-{n}" for n in range(8)))
_COUNTIES = ("03", "46", "50", "unknown")
#: Which value of each breakdown is withheld, by its place, and why.
_HIDDEN = {0: "too_few_persons", 1: "complement"}


class MadeUpCut(Reader):
    """The same figures every time; of two values of each breakdown, none."""

    def __init__(self) -> None:
        super().__init__(Pool(_nowhere))
        self.made: Cut | None = Cut(1, _AT, _AT.date(), SCOPES, 9, 7, 9, _AT)
        #: Houses that have something to show.
        self.houses: Collection[str] = {"theatre", "border"}
        #: Set to withhold all of it, for this reason.
        self.withheld: str | None = None

    def follow(self) -> None:
        """Look for no other."""

    def last(self) -> Cut | None:
        """Return the cut, unless there is none."""
        if self.made is None:
            return None
        own = {f"organisation:{house}" for house in self.houses}
        return Cut(1, _AT, _AT.date(), SCOPES | own, 9, 7, 9, _AT)

    def cells(self, scope: str, period: str, by: tuple[str, ...]) -> Found:
        """Return every base measure of a scope that was computed, told apart by at most one."""
        assert period
        last = self.last()
        if last is None or scope not in last.scopes:
            return {}
        size = 300 if scope.startswith("organisation:") else 9000
        values = [()] if not by else [(v,) for v in VOCABULARY[by[0]].values or _COUNTIES]
        return {
            (name, told): self._shown(
                scope, size // len(values), at if by else -1, name + str(told)
            )
            for name in BASE
            for at, told in enumerate(values)
        }

    def _shown(self, scope: str, size: int, at: int, name: str) -> Kept:
        why = self.withheld or _HIDDEN.get(at, "")
        instead = "network" if why and scope not in {"network", *self.houses} else ""
        value = None if why else size + zlib.crc32(name.encode()) % max(size // 2, 1)
        return Kept(value, why, instead, _AT, _HOUSES, 0.75)

    def benchmark(self, scope: str, period: str, measure: str) -> Benchmark | None:
        """Return quarters of all, a median of the industry, and nothing of anybody else."""
        own = {"theatre": 700.0, "border": 3.0}
        if scope == "network":
            return Benchmark(scope, period, measure, 10, (100.0, 300.0, 600.0), own)
        if scope == "industry:scenekunst" and self.withheld is None:
            return Benchmark(scope, period, measure, 6, (300.0,), own)
        return Benchmark(scope, period, measure, 3, (), own, "too_few_organisations")

    def shared(self, organisation: str, period: str) -> Seen | None:
        """Return a partner, one that is withheld, others, an industry and a county."""
        if organisation not in self.houses:
            return None
        why = self.withheld or ""
        found = (
            Shared("organisation", "border", None if why else 120, 400, why),
            Shared("organisation", "free", None, None, "too_few_persons"),
            Shared("others", "", None if why else 200, None, why),
            Shared("industry", "museum", None if why else 90, None, why),
            Shared("region", "46", None, None, "too_few_organisations"),
        )
        return Seen(organisation, period, 800, 20_000, found)


class _Quiet(Auditor):
    """Keeps what was asked, and writes it nowhere."""

    def flush(self) -> None:
        """Write nothing."""


def beside(register: Any, made: MadeUpCut | None = None) -> Beside:
    """Return what answers of a made-up cut, as the service's own does."""
    found = Beside(Pool(_nowhere), register, ())
    found.reader = made or MadeUpCut()
    found.auditor = _Quiet(Pool(_nowhere))
    return found


def _nowhere() -> Client:
    raise OSError
