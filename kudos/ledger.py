"""The ledger: every transaction that KUDOS took responsibility for is counted, erased or dead.

accepted = counted + dead + erased, of the units received before the watermark. Identity notes what
came in and what died; what is counted is asked of the facts, and stands whatever else of it is
dead. A raw record that a replay has made transactions of is no unit any more.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client
from msgspec import Struct

#: How long a unit may be on its way after it was noted, and between two looks.
PATIENCE_S, PAUSE_S = 8.0, 0.25

_WATERMARKS = """
SELECT family, toUnixTimestamp64Micro(max(watermark)) FROM watermarks GROUP BY family
"""
#: States: 1 received, 2 dead, 3 replaced. Bits 56 to 63 of a revision count erasures.
_ACCOUNTS = """
SELECT name, count() AS accepted, countIf(stands AND NOT erased),
    countIf(stands AND NOT erased AND anonymous), countIf(NOT stands AND died),
    countIf(stands AND erased)
FROM (
    SELECT unit, argMin(organisation, received_at) AS name, max(state = 'dead') AS died
    FROM ledger_units GROUP BY unit
    HAVING minIf(received_at, state != 'replaced') < fromUnixTimestamp64Micro({before:Int64})
        AND max(state = 'replaced') = 0
) AS units
LEFT JOIN (
    SELECT transaction_id AS unit, true AS stands,
        argMax((bitAnd(bitShiftRight(revision, 56), 255) > 0, customer_ref = 0), revision) AS last,
        last.1 AS erased, last.2 AS anonymous
    FROM sales GROUP BY transaction_id
) AS facts USING (unit)
GROUP BY name ORDER BY name
"""


class Account(Struct, frozen=True):
    """One organisation's numbers, in transactions and raw records that could not be read."""

    organisation: str
    accepted: int
    counted: int
    without_customer: int  # of the counted
    dead: int
    erased: int

    @property
    def difference(self) -> int:
        """Return how many are in no state: lost, or still on their way."""
        return self.accepted - self.counted - self.dead - self.erased


class Ledger(Struct, frozen=True):
    """Every organisation's account as of a watermark; None: nothing has been counted yet."""

    watermark: datetime | None
    accounts: tuple[Account, ...]

    @property
    def balances(self) -> bool:
        """Tell whether every unit is in one of the states."""
        return all(account.difference == 0 for account in self.accounts)


def watermarks(client: Client) -> dict[str, datetime]:
    """Return how far each family of tables is: everything received before is in it."""
    rows = client.query(_WATERMARKS).result_rows
    return {str(family): datetime.fromtimestamp(at / 1e6, UTC) for family, at in rows}


def read(client: Client, before: datetime | None) -> Ledger:
    """Return the accounts of what was received before *before*."""
    if before is None:
        return Ledger(None, ())
    rows = client.query(_ACCOUNTS, parameters={"before": _microseconds(before)}).result_rows
    return Ledger(before, tuple(Account(*row) for row in rows))


def settled(
    client: Client,
    *,
    patience_s: float = PATIENCE_S,
    wait: Callable[[float], object] = time.sleep,
) -> Ledger:
    """Return the ledger up to where facts and units both are; a difference is looked at again.

    What a replay sends once more bears its first time of receipt, and ingest stamps before the
    broker has it: so a few units may be noted as received and still be on their way.
    """
    known = watermarks(client)
    before = min(known["facts"], known["ledger"]) if {"facts", "ledger"} <= known.keys() else None
    deadline = time.monotonic() + patience_s
    found = read(client, before)
    while not found.balances and time.monotonic() < deadline:
        wait(PAUSE_S)
        found = read(client, before)
    return found


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond
