"""What the pages ask of the query service's rules: the only way in which they meet data."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from services.query.answer import Answer, Band, Point
from services.query.live import Pulse
from services.query.operations import Running
from services.query.question import Question


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
