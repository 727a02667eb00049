"""Note the ledger's units in ClickHouse: identity does it, for it has the secret of ids."""

import logging
import threading
from collections.abc import Callable, Sequence

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from kudos.clickhouse import connect, migrate
from kudos.stream import Source
from services.identity.units import Unit, units

log = logging.getLogger(__name__)

#: The most messages of one insert, and the least seconds between two: each insert is a part.
MOST = 5000
PAUSE_S = 1.0
#: How long to wait for a ClickHouse that is away, at first and at most.
_WAIT_S = (0.2, 5.0)

Write = Callable[[Sequence[Unit]], None]


def note(source: Source, ids: bytes, write: Write, stop: threading.Event) -> None:
    """Write the units of what *source* reads, then commit; until *stop*.

    While ClickHouse is away nothing is committed and nothing is lost, and pseudonymise, which
    needs no ClickHouse, goes on.
    """
    for batch in source.batches():
        found = {(u.unit, u.state): u for message in batch for u in units(ids, message)}
        if found and not _written(list(found.values()), write, stop):
            return
        source.commit(batch)
        if len(batch) < MOST:
            stop.wait(PAUSE_S)


def _written(rows: Sequence[Unit], write: Write, stop: threading.Event) -> bool:
    """Write *rows*, however long it takes; False where *stop* came first."""
    wait, longest = _WAIT_S
    while True:
        try:
            write(rows)
        except (ClickHouseError, OSError) as error:
            log.warning("the ledger waits for ClickHouse: %s", type(error).__name__)
            if stop.wait(wait):
                return False
            wait = min(2 * wait, longest)
        else:
            return True


class Table:
    """``ledger_units``; it connects, and brings the schema to the newest, when it first writes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None

    def write(self, rows: Sequence[Unit]) -> None:
        """Insert *rows*; a repeat replaces its like."""
        if self._client is None:
            migrate(self._url)
            self._client = connect(self._url)
        names = Unit.__struct_fields__
        columns = [[getattr(row, name) for row in rows] for name in names]
        self._client.insert("ledger_units", columns, column_names=names, column_oriented=True)
