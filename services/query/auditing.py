"""The audit log: who asked what, when, and what was withheld; and who asked about whose groups."""

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.metrics import SUPPRESSED_CELLS
from services.query.answer import Cell
from services.query.pool import Away, Pool
from services.query.tokens import Asker

log = logging.getLogger(__name__)
#: So many wait at most for a ClickHouse that is away; the process's own log has them too.
_MOST = 10_000
_COLUMNS = (
    *("asked_at", "role", "organisation", "token", "answer", "measure", "scope", "period", "by"),
    *("cut", "cells", "withheld", "about"),
)
_ABOUT = """
SELECT asked_at, role, organisation, answer, measure, scope, period, by, cells, withheld
FROM asked WHERE has(about, {organisation:String}) AND organisation != {organisation:String}
    AND NOT startsWith(scope, 'organisation:')
ORDER BY asked_at DESC LIMIT 1000
"""


class Asked(Struct, frozen=True):
    """One answer: who was told what of whom; no value of a figure."""

    at: datetime
    who: Asker
    answer: str
    measure: str
    scope: str
    period: str
    by: str
    cut: int
    cells: int
    withheld: dict[str, int]
    about: tuple[str, ...]


class About(Struct, frozen=True):
    """A question about a group that an organisation is in, as it may see it."""

    asked_at: datetime
    role: str
    organisation: str  # who asked; "" for roles without one
    answer: str
    measure: str
    scope: str
    period: str
    by: str
    cells: int
    withheld: dict[str, int]


def withheld(cells: Iterable[Cell]) -> dict[str, int]:
    """Return how many cells were withheld, by why; count them too."""
    found = Counter(cell.why for cell in cells if cell.why and cell.why != "undefined")
    for why, many in found.items():
        SUPPRESSED_CELLS.labels(why).inc(many)
    return dict(found)


class Auditor:
    """Keeps what was answered, some at a time: an answer does not wait for it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.waiting: list[Asked] = []
        self._lock = threading.Lock()

    def note(self, one: Asked) -> None:
        """Keep *one* with the next that are written."""
        with self._lock:
            self.waiting.append(one)
            del self.waiting[:-_MOST]

    def flush(self) -> None:
        """Write what waits; what cannot be written now waits on."""
        with self._lock:
            rows, self.waiting = self.waiting, []
        if not rows:
            return
        try:
            with self._pool.client() as client:
                client.insert("asked", [_row(one) for one in rows], column_names=_COLUMNS)
        except Away:
            log.warning("the audit log waits: %d", len(rows))
            with self._lock:
                self.waiting = [*rows, *self.waiting][-_MOST:]

    def about(self, organisation: str) -> list[About]:
        """Return who asked about groups that *organisation* is in, the last thousand."""
        self.flush()
        with self._pool.client() as client:
            return _about(client, organisation)


def _about(client: Client, organisation: str) -> list[About]:
    rows = client.query(_ABOUT, parameters={"organisation": organisation}).result_rows
    return [About(*row) for row in rows]


def _row(one: Asked) -> tuple[object, ...]:
    who = one.who
    return (
        *(one.at, who.role, who.organisation or "", who.token, one.answer, one.measure, one.scope),
        *(one.period, one.by, one.cut, one.cells, one.withheld, list(one.about)),
    )
