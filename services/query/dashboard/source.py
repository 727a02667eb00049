"""What the pages ask of the query service's rules: the only way in which they meet data."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from services.query.answer import Answer, Band, Point
from services.query.cuts.store import Cut
from services.query.live import Pulse
from services.query.operations import Running
from services.query.question import Published, Question
from services.query.tokens import Asker


class Source(Protocol):
    """Answers about an organisation's own sales; each call blocks, and threads may call."""

    def ask_many(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer each question, in order."""
        ...

    def curve(self, organisation: str, measure: str, begins: date, ends: date) -> Sequence[Point]:
        """Return *measure* by day; days without a point had nothing."""
        ...

    def pulse(self, organisation: str) -> Pulse:
        """Return the local day of now, minute by minute, and its totals."""
        ...

    def band(self, organisation: str, day: date) -> Band | None:
        """Return how far the weekday of *day* had usually come; None where too few are known."""
        ...

    def operations(self) -> Running:
        """Return how whole the data are."""
        ...

    def watermark(self) -> datetime | None:
        """Return the time before which everything accepted is counted."""
        ...


class Cuts(Protocol):
    """What is published, as /v1 answers it: each call blocks, and is noted in the audit log."""

    def last(self) -> Cut | None:
        """Return the last cut; None before the first."""
        ...

    def answer(self, question: Published, who: Asker) -> Answer:
        """Answer one figure of the last cut; Refused before the first."""
        ...

    def compared(self, measure: str, group: str, period_id: str, who: Asker) -> Mapping[str, Any]:
        """Return the benchmark of *measure* with the peer *group* of *who*."""
        ...

    def shared(self, period_id: str, who: Asker) -> Mapping[str, Any]:
        """Return whom the customers of *who* are shared with."""
        ...
