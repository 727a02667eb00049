"""A service that is loops: run them until it is told to stop, or one of them dies."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping

from kudos.errors import Misconfigured
from kudos.logs import configure

log = logging.getLogger(__name__)

#: What is in flight may end; after that it is done again at the next start, which is harmless.
PATIENCE_S = 10.0

Loops = Mapping[str, Callable[[], None]]


def main(service: str, compose: Callable[[threading.Event], Loops]) -> int:
    """Run the loops that *compose* makes, which end once its event is set; return the exit code.

    0 when SIGTERM or SIGINT ended it, 1 when a loop died (what it had not committed comes again),
    2 when *compose* found a setting wrong.
    """
    configure(service)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        loops = compose(stop)
    except Misconfigured as error:
        sys.stderr.write(f"{service}: {error}\n")
        return 2
    return 0 if run(loops, stop) else 1


def run(loops: Loops, stop: threading.Event) -> bool:
    """Run *loops* in threads until *stop*; return whether none of them died, which stops all."""
    died: list[str] = []

    def guarded(name: str, loop: Callable[[], None]) -> None:
        try:
            loop()
            if not stop.is_set():
                died.append(name)
                log.critical("%s ended unasked", name)
        except Exception as error:
            died.append(name)
            # its text may quote what was read; that of our own errors never does
            ours = type(error).__module__.startswith("kudos.")
            log.critical("%s died%s", name, f": {error}" if ours else "", exc_info=error)
        finally:
            stop.set()

    threads = [
        threading.Thread(target=guarded, args=pair, name=pair[0], daemon=True)
        for pair in loops.items()
    ]
    for thread in threads:
        thread.start()
    log.info("started")
    stop.wait()
    until = time.monotonic() + PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    log.info("stopped")
    return not died
