"""Note the ledger's units in ClickHouse: identity does it, for it has the secret of ids."""

import logging
import threading
from collections.abc import Callable, Sequence

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from kudos.clickhouse import connect, migrate
from kudos.stream import Source
from services.identity.units import Death, Unit, units

log = logging.getLogger(__name__)

#: The most messages of one insert, and the least seconds between two: each insert is a part.
MOST = 5000
PAUSE_S = 1.0
#: How long to wait for a ClickHouse that is away, at first and at most.
_WAIT_S = (0.2, 5.0)

Row = Unit | Death
Write = Callable[[Sequence[Row]], None]


def note(source: Source, ids: bytes, write: Write, stop: threading.Event) -> None:
    """Write the units of what *source* reads, then commit; until *stop*.

    While ClickHouse is away nothing is committed and nothing is lost, and pseudonymise, which
    needs no ClickHouse, goes on.
    """
    for batch in source.batches():
        found = once([row for message in batch for row in units(ids, message)])
        if found and not _written(found, write, stop):
            return
        source.commit(batch)
        if len(batch) < MOST:
            stop.wait(PAUSE_S)


def once(rows: Sequence[Row]) -> list[Row]:
    """Return each of *rows* once, and of a unit that came in several times the first receipt."""
    first: dict[int, Unit] = {}
    deaths: dict[Death, None] = {}
    for row in rows:
        if isinstance(row, Death):
            deaths[row] = None
        elif row.unit not in first or row.received_at < first[row.unit].received_at:
            first[row.unit] = row
    return [*first.values(), *deaths]


def _written(rows: Sequence[Row], write: Write, stop: threading.Event) -> bool:
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
    """``ledger_units`` and ``letters``; the schema is brought to the newest at the first write."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None

    def write(self, rows: Sequence[Row]) -> None:
        """Insert *rows*; a repeat replaces its like."""
        if self._client is None:
            migrate(self._url)
            self._client = connect(self._url)
        for shape, table in ((Unit, "ledger_units"), (Death, "letters")):
            found = [row for row in rows if isinstance(row, shape)]
            if not found:
                continue
            columns = {n: [getattr(r, n) for r in found] for n in shape.__struct_fields__}
            if shape is Unit:
                columns["state"] = ["received"] * len(found)
            self._client.insert(
                table, list(columns.values()), column_names=list(columns), column_oriented=True
            )
