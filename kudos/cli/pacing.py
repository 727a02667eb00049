"""A pace: no more than so many a second, whatever it is."""

import time
from collections.abc import Callable


class Pace:
    """Waits so that no more than *rate* a second go on; what came late is not caught up with."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate, self._clock, self._sleep = rate, clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when it is the next one's turn."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.rate
