"""The ledger: every unit is in exactly one state, and one that is in none is a difference."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.cli.ledger import command
from kudos.clickhouse import connect
from kudos.ledger import Account, settled
from kudos.records import EnrichedTransaction
from services.aggregate import store
from services.aggregate.facts import fact_of
from tests.support.sales import hex_id, sale, ticket

pytestmark = pytest.mark.engine

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


def unit(name: object) -> int:
    """Return the unit of the transaction *name*."""
    return int(hex_id("transaction", name), 16)


def note(client: Client, *rows: tuple[int, str, datetime], of: str = "house") -> None:
    """Note units as identity does."""
    values = [(u, state, of, "homemade", at) for u, state, at in rows]
    names = ["unit", "state", "organisation", "vendor", "received_at"]
    client.insert("ledger_units", values, column_names=names)


def watermark(client: Client, **families: datetime) -> None:
    """Say how far families are."""
    rows = [(family, at, at) for family, at in families.items()]
    client.insert("watermarks", rows, column_names=["family", "watermark", "noted_at"])


def count(client: Client, *transactions: EnrichedTransaction) -> None:
    """Store facts."""
    store.write(client, [fact_of(one) for one in transactions])


def sold(name: object, *, known: bool = True, erased: bool = False) -> EnrichedTransaction:
    """Return a transaction of *name*."""
    one = sale(name, 1, BEFORE, ticket("a", BEFORE))
    changed: dict[str, Any] = {"customer_ref": hex_id("c")} if known and not erased else {}
    if erased:
        changed["revision"] = f"{int(one.transaction.revision, 16) | 1 << 56:032x}"
    return replace(one, transaction=replace(one.transaction, **changed))


def test_every_unit_is_in_one_state(engine_url: str) -> None:
    with connect(engine_url) as client:
        count(client, sold("known"), sold("anonymous", known=False), sold("gone", erased=True))
        count(client, sold("mended"), sold("erased later"), sold("erased later", erased=True))
        note(
            client,
            (unit("known"), "received", BEFORE),
            (unit("known"), "received", AFTER),  # a repeat
            (unit("anonymous"), "received", BEFORE),
            (unit("gone"), "received", BEFORE),
            (unit("erased later"), "received", BEFORE),
            # an earlier version died, this one stands
            (unit("mended"), "received", BEFORE),
            (unit("mended"), "dead", BEFORE),
            (unit("died on the way"), "received", BEFORE),
            (unit("died on the way"), "dead", BEFORE),
            (unit("died at the door"), "dead", BEFORE),
            (1, "dead", BEFORE),  # a raw record
            (2, "dead", BEFORE),  # another, that a replay has made transactions of
            (2, "replaced", AFTER),
            (unit("too new"), "received", AFTER),
        )
        note(client, (unit("lost"), "received", BEFORE), of="other")
        watermark(client, facts=NOON, ledger=AFTER + timedelta(hours=9))
        found = settled(client, patience_s=0)
    house, other = found.accounts
    assert Account("house", 8, 3, 1, 3, 2) == house
    assert 0 == house.difference
    assert (Account("other", 1, 0, 0, 0, 0), 1) == (other, other.difference)
    assert NOON == found.watermark
    assert not found.balances


def letter(client: Client, name: object, offset: int, *, replayed: bool = False) -> None:
    """Note a dead letter of the transaction *name*, or that it was replayed, as identity does."""
    one = unit(name) if isinstance(name, str) else name
    values = [(one, "transactions.received", 1, offset, replayed, "house", "homemade", BEFORE)]
    names = ["unit", "topic", "partition", "offset", "replayed"]
    names += ["organisation", "vendor", "received_at"]
    client.insert("letters", values, column_names=names)


def house(client: Client) -> tuple[int, ...]:
    """Return what is accepted, counted, dead and of it sent back; the ledger must balance."""
    found = settled(client, patience_s=0)
    assert found.balances
    [one] = found.accounts or (Account("house", 0, 0, 0, 0, 0),)
    return (one.accepted, one.counted, one.dead, one.sent_back)


def test_a_letter_s_way_back_balances_at_every_step(engine_url: str) -> None:
    with connect(engine_url) as client:
        watermark(client, facts=NOON, ledger=NOON)
        letter(client, "one", 7)
        assert (1, 0, 1, 0) == house(client)
        # replayed, and received again: dead until it is counted
        note(client, (unit("one"), "received", BEFORE))
        letter(client, "one", 7, replayed=True)
        assert (1, 0, 1, 1) == house(client)
        # it dies again, in another letter, and is replayed once more
        letter(client, "one", 9)
        assert (1, 0, 1, 0) == house(client)
        letter(client, "one", 9, replayed=True)
        letter(client, "one", 7)  # read once more: it stays replayed
        count(client, sold("one"))
        assert (1, 1, 0, 0) == house(client)


def test_what_was_replayed_and_is_no_sale_leaves_the_dead_and_may_die_again(
    engine_url: str,
) -> None:
    with connect(engine_url) as client:
        watermark(client, facts=NOON, ledger=NOON)
        for name in ("named", 77):  # a transaction by its number, a raw record
            letter(client, name, 1)
            assert (1, 0, 1, 0) == house(client)
            letter(client, name, 1, replayed=True)
            assert (0, 0, 0, 0) == house(client)
        letter(client, 77, 5)
        assert (1, 0, 1, 0) == house(client)


def test_units_that_were_replaced_before_letters_were_noted_may_die_again(engine_url: str) -> None:
    with connect(engine_url) as client:
        watermark(client, facts=NOON, ledger=NOON)
        note(client, (2, "dead", BEFORE), (2, "replaced", AFTER), (3, "dead", BEFORE))
        assert (1, 0, 1, 0) == house(client)
        letter(client, 2, 5)
        assert (2, 0, 2, 0) == house(client)
        letter(client, 3, 0, replayed=True)
        assert (1, 0, 1, 0) == house(client)


def test_what_is_on_its_way_gets_some_time(engine_url: str) -> None:
    with connect(engine_url) as client:
        note(client, (unit("slow"), "received", BEFORE))
        watermark(client, facts=NOON, ledger=NOON)
        assert [1] == [a.difference for a in settled(client, patience_s=0).accounts]
        found = settled(client, wait=lambda _seconds: count(client, sold("slow")))
        assert [0] == [a.difference for a in found.accounts]


def test_before_anything_was_counted_there_is_nothing(engine_url: str) -> None:
    with connect(engine_url) as client:
        note(client, (1, "received", BEFORE))
        watermark(client, facts=NOON)
        found = settled(client)
    assert (None, (), True) == (found.watermark, found.accounts, found.balances)


@pytest.fixture
def kudos_ledger(
    engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Return what runs the command against the test's database."""
    monkeypatch.setenv("KUDOS_CLICKHOUSE", engine_url)
    monkeypatch.setenv("KUDOS_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("KUDOS_SECRETS", str(tmp_path))
    monkeypatch.setattr("kudos.cli.ledger.PATIENCE_S", 0.0)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, ["--data", str(tmp_path), *arguments])
        return done.exit_code, done.output

    return run


def test_the_command_says_whose_ledger_does_not_balance(
    engine_url: str, kudos_ledger: Callable[..., tuple[int, str]]
) -> None:
    assert (0, "nothing has been counted yet\n") == kudos_ledger()
    with connect(engine_url) as client:
        count(client, sold("known"))
        note(client, (unit("known"), "received", BEFORE))
        watermark(client, facts=NOON, ledger=NOON)
        status, text = kudos_ledger()
        assert 0 == status, text
        assert ["house", "1", "1", "0", "0", "0", "0", "0"] == text.splitlines()[1].split()
        note(client, (unit("lost"), "received", BEFORE))
    status, text = kudos_ledger("--json")
    assert 1 == status
    [row] = json.loads(text)["organisations"]
    assert {
        "organisation": "house",
        "accepted": 2,
        "counted": 1,
        "without_customer": 0,
        "dead": 0,
        "sent_back": 0,
        "erased": 0,
        "difference": 1,
    } == row
    assert NOON.isoformat() == json.loads(text)["watermark"]
    assert "does NOT balance" in kudos_ledger()[1]
