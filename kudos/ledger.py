"""The ledger: every transaction that KUDOS took responsibility for is counted, erased or dead.

accepted = counted + dead + erased, of the units received before the watermark. Identity notes what
came in and every dead letter; what is counted is asked of the facts, and stands whatever else of it
is dead. What was replayed is dead until it is counted; what died at the door, and of whose letters
none stands open, is no unit any more: a replay made others of it, or found that it is no sale.
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
#: Of each unit: whose, when received, whether it came in, has a letter that stands open, ever died.
#: (Rows of before letters were noted by their places: dead, and replaced by what a replay made.)
UNITS = """
SELECT unit, max(organisation) AS name, minIf(received_at, NOT gone) AS at, max(came) AS here,
    max(opened) OR (max(old) AND NOT max(gone) AND NOT max(noted)) AS open,
    max(noted) OR max(old) AS died
FROM (
    SELECT unit, toString(organisation) AS organisation, received_at, state = 'received' AS came,
        state = 'dead' AS old, state = 'replaced' AS gone, false AS noted, false AS opened
    FROM ledger_units
    UNION ALL
    SELECT unit, toString(max(organisation)), min(received_at), false, false, false, true,
        NOT max(replayed)
    FROM letters GROUP BY unit, topic, partition, offset
) GROUP BY unit
"""
#: Bits 56 to 63 of a revision count erasures.
_ACCOUNTS = f"""
SELECT name, count() AS accepted, countIf(stands AND NOT erased),
    countIf(stands AND NOT erased AND anonymous), countIf(NOT stands AND died),
    countIf(stands AND erased), countIf(NOT stands AND died AND NOT open)
FROM (
    SELECT unit, name, open, died FROM ({UNITS})
    WHERE at < fromUnixTimestamp64Micro({{before:Int64}}) AND (here OR open)
) AS units
LEFT JOIN (
    SELECT transaction_id AS unit, true AS stands,
        argMax((bitAnd(bitShiftRight(revision, 56), 255) > 0, customer_ref = 0), revision) AS last,
        last.1 AS erased, last.2 AS anonymous
    FROM sales GROUP BY transaction_id
) AS facts USING (unit)
GROUP BY name ORDER BY name
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


class Account(Struct, frozen=True):
    """One organisation's numbers, in transactions and raw records that could not be read."""

    organisation: str
    accepted: int
    counted: int
    without_customer: int  # of the counted
    dead: int
    erased: int
    sent_back: int = 0  # of the dead: replayed, and not counted yet

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
