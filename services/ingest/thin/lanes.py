"""Threads side by side, a few for each vendor: what is slow at one holds up no other."""

import logging
import threading
from collections import Counter
from collections.abc import Callable

log = logging.getLogger(__name__)

#: A vendor is asked for so many of its houses at once.
MOST = 4
#: A vendor and an organisation.
Feed = tuple[str, str]


class Lanes:
    """Runs one task at a time of each feed, and *most* of each vendor.

    A task tells whether there is more to do; then *more* is called once it has ended. The threads
    end with the process: who still waits for a vendor then keeps nobody.
    """

    def __init__(self, more: Callable[[], None], most: int = MOST) -> None:
        self._more, self._most = more, most
        self._busy: dict[Feed, threading.Thread] = {}
        self._changed = threading.Condition()

    def begin(self, feed: Feed, task: Callable[[], bool]) -> bool:
        """Begin *task* of *feed*; tell whether there was room for it."""
        with self._changed:
            vendors = Counter(vendor for vendor, _ in self._busy)
            if feed in self._busy or vendors[feed[0]] >= self._most:
                return False
            name = f"fetch {'/'.join(feed)}"
            thread = threading.Thread(target=self._run, args=(feed, task), name=name, daemon=True)
            self._busy[feed] = thread
        thread.start()
        return True

    def wait(self) -> None:
        """Return when one has ended, or none is running."""
        with self._changed:
            if self._busy:
                self._changed.wait()

    def join(self) -> None:
        """Return when all have ended."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)

    def _run(self, feed: Feed, task: Callable[[], bool]) -> None:
        more = False
        try:
            more = task()
        except Exception:
            log.exception("what notifications of %s named for %s was not fetched", *feed)
        finally:
            with self._changed:
                del self._busy[feed]
                self._changed.notify_all()
            if more:
                self._more()
