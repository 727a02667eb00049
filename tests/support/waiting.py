"""Wait for what another process or thread does: look again and again, with a deadline."""

import time
from collections.abc import Callable


def until(true: Callable[[], bool], what: str, seconds: float = 60.0, pause: float = 0.05) -> None:
    """Return when *true* says so, looked at every *pause*; fail with *what* after *seconds*."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(pause)  # between two looks, with a deadline
