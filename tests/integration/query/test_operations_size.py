"""The page of operations at a million units: it is read at once, whatever computing it takes."""

import time
from datetime import UTC, date, datetime

import pytest

from kudos.clickhouse import connect
from kudos.ledger import settled
from kudos.operations import keep
from services.aggregate.operations import computed
from services.query import operations

pytestmark = [pytest.mark.engine, pytest.mark.long]

UNITS = 1_000_000
TODAY = date(2026, 5, 20)
NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
#: The unit and the transaction's id are the same keyed hash; every hundredth unit is dead.
_ID = "reinterpretAsUInt128(sipHash128(number))"
_FILL = (
    """INSERT INTO ledger_units (unit, state, organisation, vendor, received_at)
    SELECT ID, 'received', concat('house-', toString(number % 40)), 'tixly',
        toDateTime64('2026-05-19 00:00:00', 6, 'UTC') FROM numbers({many:UInt64})""",
    """INSERT INTO letters (unit, topic, partition, offset, replayed, stage, reason, organisation,
        vendor, received_at)
    SELECT ID, 'transactions.received', 0, number, false, 'ingest',
        'invalid_field', concat('house-', toString(number % 40)), 'tixly',
        toDateTime64('2026-05-19 00:00:00', 6, 'UTC') FROM numbers({many:UInt64})
    WHERE number % 100 = 0""",
    """INSERT INTO versions (transaction_id, revision, received_at, organisation, vendor)
    SELECT ID, 1, toDateTime64('2026-05-19 00:00:00', 6, 'UTC'),
        concat('house-', toString(number % 40)), 'tixly' FROM numbers({many:UInt64})
    WHERE number % 100 != 0""",
    """INSERT INTO sales (day, organisation, transaction_id, revision, customer_ref)
    SELECT toDate('2026-05-19') - number % 700, concat('house-', toString(number % 40)),
        ID, 1, number FROM numbers({many:UInt64}) WHERE number % 100 != 0""",
)


def test_the_page_is_read_in_300_ms(engine_url: str) -> None:
    with connect(engine_url) as client:
        for statement in _FILL:
            client.command(statement.replace("ID", _ID), parameters={"many": UNITS})
        far = [(family, NOON, NOON) for family in ("facts", "ledger")]
        client.insert("watermarks", far, column_names=["family", "watermark", "noted_at"])
        began = time.monotonic()
        ledger = settled(client, patience_s=0)
        middle = time.monotonic()
        keep(client, computed(client, TODAY, ledger, (), NOON))
        ended = time.monotonic()
        read_s = []
        for _ in range(5):
            begun = time.monotonic()
            found = operations.read(client).found
            read_s.append(time.monotonic() - begun)
    print(f"ledger {middle - began:.2f} s, the rest {ended - middle:.2f} s, page {read_s}")
    assert ledger.balances
    assert (UNITS, UNITS // 100) == (
        sum(a.accepted for a in ledger.accounts),
        sum(one.many for one in found.letters),
    )
    assert max(read_s) < 0.3
