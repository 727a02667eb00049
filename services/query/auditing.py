"""The audit log: who asked what, when, and what was withheld; and who asked about whose groups."""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.clickhouse import utc
from kudos.metrics import SUPPRESSED_CELLS
from services.query.answer import Cell
from services.query.pool import Away, Pool
from services.query.tokens import Asker

log = logging.getLogger(__name__)
audit = logging.getLogger("services.query.audit")
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


#: What the view that is being answered has asked so far; None: every question stands for itself.
_VIEW: ContextVar[list[Asked] | None] = ContextVar("view", default=None)


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
        """Keep *one* with the next that are written; within a view, when that has ended."""
        view = _VIEW.get()
        if view is not None:
            view.append(one)
            return
        said = {"answer": one.answer, "measure": one.measure, "scope": one.scope, "cut": one.cut}
        said |= {"period": one.period, "by": one.by, "withheld": one.withheld}
        audit.info("answered", extra=said | one.who.ids())
        with self._lock:
            self.waiting.append(one)
            del self.waiting[:-_MOST]

    @contextmanager
    def view(self, page: str, who: Asker) -> Iterator[None]:
        """Note all that is asked meanwhile, in this thread, as the one question that *who* asked.

        Who looks at a page asks once, however many figures it is made of.
        """
        asked: list[Asked] = []
        token = _VIEW.set(asked)
        try:
            yield
        finally:
            _VIEW.reset(token)
            if asked:
                self.note(one_of(page, asked))
            else:
                # nothing but what is one's own, live
                scope = f"organisation:{who.organisation}" if who.organisation else ""
                audit.info("answered", extra={"answer": page, "scope": scope, **who.ids()})

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


def one_of(page: str, asked: Sequence[Asked]) -> Asked:
    """Return what a view of *page* asked as one: it is about every group that any of it was of.

    What it asked of several is told by all of them, with spaces between. One's own figures are
    about nobody else.
    """
    groups = [one for one in asked if not one.scope.startswith("organisation:")] or asked

    def told(name: str, of: Sequence[Asked] = asked) -> str:
        return " ".join(dict.fromkeys(filter(None, (getattr(one, name) for one in of))))

    return Asked(
        at=asked[0].at,
        who=asked[0].who,
        answer=page,
        measure=told("measure"),
        scope=told("scope", groups),
        period=told("period"),
        by=told("by"),
        cut=max(one.cut for one in asked),
        cells=sum(one.cells for one in asked),
        withheld=dict(sum((Counter(one.withheld) for one in asked), Counter())),
        about=tuple(sorted({name for one in groups for name in one.about})),
    )


def _about(client: Client, organisation: str) -> list[About]:
    rows = client.query(_ABOUT, parameters={"organisation": organisation}).result_rows
    return [About(utc(at), *row) for at, *row in rows]


def _row(one: Asked) -> tuple[object, ...]:
    who = one.who
    return (
        *(one.at, who.role, who.organisation or "", who.token, one.answer, one.measure, one.scope),
        *(one.period, one.by, one.cut, one.cells, one.withheld, list(one.about)),
    )
