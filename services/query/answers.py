"""Everything that is answered, by clients of a pool: asked by threads, each call blocks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from kudos.ledger import Ledger, settled, watermarks
from kudos.register import OSLO, WatchedRegister
from services.query import figures, live, operations
from services.query.answer import Answer, Band, Point
from services.query.live import Pulse, lag
from services.query.operations import Running
from services.query.pool import Pool
from services.query.question import Question

#: What ``/v1/status`` speaks of: everything accepted before is in these.
_QUERYABLE = ("sales_live", "kpi_daily")


class Status(Struct, frozen=True):
    """How far the tables are: everything received before ``watermark`` is in what is asked."""

    watermark: datetime | None
    lag_seconds: float | None
    families: Mapping[str, datetime]


class Answers:
    """Answers of one organisation's own sales; every call may raise ``pool.Away``."""

    def __init__(self, pool: Pool, register: WatchedRegister, now: Callable[[], datetime]) -> None:
        self.pool = self._pool = pool
        self._register, self._now = register, now

    def ask(self, question: Question) -> Answer:
        """Answer *question*."""
        return self.ask_many([question])[0]

    def ask_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer each question, in order; what they share is read once."""
        with self._pool.client() as client:
            return figures.ask_many(client, questions, self.currency_of)

    def curve(self, organisation: str, measure: str, begins: date, ends: date) -> list[Point]:
        """Return *measure* by day; days without a point had nothing."""
        with self._pool.client() as client:
            return figures.curve(client, organisation, measure, begins, ends)

    def pulse(self, organisation: str) -> Pulse:
        """Return the local day of now, minute by minute, and its totals."""
        with self._pool.client() as client:
            return live.pulse(client, organisation, self.local_day(), self.currency_of)

    def band(self, organisation: str, day: date) -> Band | None:
        """Return how far the weekday of *day* had usually come; None where too few are known."""
        with self._pool.client() as client:
            return live.band(client, organisation, day, self.currency_of(organisation))

    def status(self) -> Status:
        """Return how far every family of tables is."""
        with self._pool.client() as client:
            families = watermarks(client)
        known = [families[name] for name in _QUERYABLE if name in families]
        watermark = min(known) if len(known) == len(_QUERYABLE) else None
        return Status(watermark, lag(watermark, self._now()), families)

    def watermark(self) -> datetime | None:
        """Return the time before which everything accepted is counted."""
        return self.status().watermark

    def ledger(self) -> Ledger:
        """Return the accounts as they are now; what is on its way is not waited for."""
        with self._pool.client() as client:
            return settled(client, patience_s=0)

    def operations(self) -> Running:
        """Return how whole the data are."""
        with self._pool.client() as client:
            return operations.read(client)

    def reach(self) -> None:
        """Return when ClickHouse answers."""
        with self._pool.client() as client:
            client.query("SELECT 1")

    def currency_of(self, organisation: str) -> str:
        """Return what *organisation* sells in unless a payload says otherwise."""
        return self._register.now.organisations[organisation].currency

    def local_day(self) -> date:
        """Return the local date of now."""
        return self._now().astimezone(OSLO).date()
