"""The loop that keeps the metric of the ledger's differences, and what an operator's page shows."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from kudos import ledger
from kudos.metrics import LEDGER_DIFFERENCE
from kudos.operations import keep
from kudos.records import StoppedSource
from services.aggregate.facts import OSLO
from services.aggregate.leader import Loop
from services.aggregate.operations import computed

#: Between two looks, and as a share of the last one's time.
LEDGER_S, SHARE = 10.0, 10.0


class Bookkeeper(Loop):
    """Compares what was accepted with what became of it; *stopped* tells the stopped sources."""

    name = "ledger"

    def __init__(
        self,
        url: str,
        leading: Callable[[], bool],
        stop: threading.Event,
        stopped: Callable[[], Sequence[StoppedSource]],
    ) -> None:
        super().__init__(url, leading, stop)
        self._stopped = stopped

    def once(self) -> float:
        """Compare once; what is still on its way gets some time."""
        began = time.monotonic()
        found = ledger.settled(self.client, wait=self._stop.wait)
        for account in found.accounts:
            LEDGER_DIFFERENCE.labels(account.organisation).set(account.difference)
        now = datetime.now(UTC)
        today = now.astimezone(OSLO).date()
        keep(self.client, computed(self.client, today, found, self._stopped(), now))
        # it reads every unit: of many millions, less often
        return max(LEDGER_S, SHARE * (time.monotonic() - began))
