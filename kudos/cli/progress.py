"""How far something is that takes more than two seconds, on stderr."""

import sys
import time

_EVERY_S = 2.0


class Progress:
    """Says every other second how many of *total* there have been; on a terminal in place."""

    def __init__(self, total: int, what: str) -> None:
        self._total, self._what = total, what
        self._begun = self._said = time.monotonic()

    def __call__(self, done: int) -> None:
        """Note that *done* of the total are there."""
        now = time.monotonic()
        if now - self._said >= _EVERY_S:
            self._said = now
            self._say(done, now)

    def end(self, done: int) -> None:
        """Say the last word."""
        self._say(done, time.monotonic(), end="\n")

    def _say(self, done: int, now: float, end: str | None = None) -> None:
        rate = done / max(now - self._begun, 0.001)
        text = f"{done:,} of {self._total:,} {self._what}, {rate:,.0f}/s"
        in_place = sys.stderr.isatty()
        print(
            f"\r{text:<60}" if in_place else text,
            file=sys.stderr,
            flush=True,
            end=end or ("" if in_place else "\n"),
        )
