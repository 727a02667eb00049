"""The loop that keeps ``organisations`` as the register is."""

import threading
import time
from collections.abc import Callable

from kudos.register import Register, WatchedRegister
from services.aggregate import register
from services.aggregate.leader import Loop

#: Between two looks at the file, and at the table, where somebody new may have sold.
LOOK_S, SYNC_S = 1.0, 30.0


class Registrar(Loop):
    """Brings a changed register into ClickHouse, and marks what it makes stale."""

    name = "register"

    def __init__(
        self,
        url: str,
        leading: Callable[[], bool],
        stop: threading.Event,
        watched: WatchedRegister,
    ) -> None:
        super().__init__(url, leading, stop)
        self._watched = watched
        self._synced: Register | None = None
        self._until = 0.0

    def begin(self) -> None:
        """Look at the table, whatever the leader before has done."""
        self._synced = None

    def once(self) -> float:
        """Bring it to what the file says, where either may have changed."""
        now = self._watched.now
        if now is not self._synced or time.monotonic() > self._until:
            register.sync(self.client, now)
            self._synced, self._until = now, time.monotonic() + SYNC_S
        return LOOK_S
