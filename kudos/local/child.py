"""One child process: started, watched, started again, and gone when its parent is."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)

#: Seconds until a child that died is started again: doubled each time, reset by good health.
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 10.0
_HEALTHY = 30.0


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGKILL when the thread that started us ends, however it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it was asked
        os._exit(1)


class Child:
    """A process that should run; *ready* is asked until it says yes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        ready: Callable[[], bool],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command, self._environment, self._log = list(command), environment, log
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait, self._again = _FIRST_WAIT, 0.0

    def start(self) -> None:
        """Start the process; its output is appended to its log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in order
                preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509 (before any thread is started)
            )
        self._started = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def is_ready(self) -> bool:
        """Tell whether it runs and says that it is ready."""
        return self.pid is not None and self._ready()

    def failed(self) -> int | None:
        """Return the exit status where it has ended, else None."""
        return None if self._process is None else self._process.poll()

    def revive(self, now: float) -> bool:
        """Start it again where it has ended, after its back-off; tell whether it was started."""
        if self.failed() is None:
            if now - self._started > _HEALTHY:
                self._wait = _FIRST_WAIT
            return False
        if self._again == 0.0:
            self._again, self._wait = now + self._wait, min(self._wait * 2, _LONGEST_WAIT)
        if now < self._again:
            return False
        self._again = 0.0
        self.restarts += 1
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """Send SIGTERM where it runs."""
        if self.pid is not None and self._process is not None:
            self._process.terminate()

    def stop(self, seconds: float) -> None:
        """End it: SIGTERM, and SIGKILL after *seconds*."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_lines(self, lines: int = 3) -> str:
        """Return the end of its log, for who has to say why it did not start."""
        text = self._log.read_text("utf-8", "replace") if self._log.is_file() else ""
        return "\n".join(text.strip().splitlines()[-lines:])
