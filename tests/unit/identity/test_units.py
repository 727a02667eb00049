"""The ledger counts each transaction once, from keys and headers, and waits for ClickHouse."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.exceptions import OperationalError

from kudos.identifiers import keyed_hash, transaction_id, unit_name
from kudos.stream import Message
from kudos.topics import ENRICHED, PSEUDONYMOUS, RECEIVED
from services.identity import ledger
from services.identity.units import TOPICS, Unit, units

IDS = b"i" * 32
UNIT = unit_name("oslo-teater", "tixly", "A/1")
RAW = f"oslo-teater/tixly/raw:{'0f' * 32}"
AT = datetime(2026, 5, 17, 18, 3, 11, 5, tzinfo=UTC)
STAMP = (("received_at", b"1779040991000005"),)
NAMED = (("organisation", b"oslo-teater"), ("vendor", b"tixly"), *STAMP)
UNIT_ID = transaction_id(IDS, UNIT)
RAW_ID = keyed_hash(IDS, "raw", RAW)


def seen(topic: str, key: str | None, *headers: tuple[str, bytes]) -> list[tuple[str, str]]:
    message = Message(topic, None if key is None else key.encode(), b"never read", headers)
    return [(f"{unit.unit:032x}", unit.state) for unit in units(IDS, message)]


def dead(topic: str) -> str:
    return f"{topic}.dead"


def test_what_came_in_is_a_unit_by_its_key() -> None:
    [unit] = units(IDS, Message(RECEIVED.name, UNIT.encode(), None, NAMED))
    assert Unit(int(UNIT_ID, 16), "received", "oslo-teater", "tixly", AT) == unit


def test_a_dead_unit_says_where_and_why() -> None:
    headers = (*NAMED, ("reason", b"no_lines"))
    [unit] = units(IDS, Message(dead(ENRICHED.name), UNIT.encode(), b"sealed", headers))
    assert (ENRICHED.name, "no_lines") == unit.death
    [unit] = units(IDS, Message(dead(RECEIVED.name), UNIT.encode(), b"sealed", NAMED))
    assert (RECEIVED.name, "") == unit.death


@pytest.mark.parametrize("headers", [STAMP, NAMED])
def test_the_same_unit_dies_in_any_stage(headers: tuple[tuple[str, bytes], ...]) -> None:
    here = seen(dead(RECEIVED.name), UNIT, *headers)
    assert [(UNIT_ID, "dead")] == here
    for topic in (PSEUDONYMOUS.name, ENRICHED.name):
        found = seen(dead(topic), "id/revision", *headers, ("unit_id", UNIT_ID.encode()))
        assert here == found


def test_a_record_that_could_not_be_read_is_a_unit_of_its_own() -> None:
    assert [(RAW_ID, "dead")] == seen(dead(RECEIVED.name), RAW)
    assert [(RAW_ID, "dead")] == seen(dead(RECEIVED.name), None, ("unit", RAW.encode()))


def test_a_replay_replaces_the_raw_record_it_made_transactions_of() -> None:
    found = seen(RECEIVED.name, UNIT, ("replaces", RAW.encode()))
    assert [(UNIT_ID, "received"), (RAW_ID, "replaced")] == found


def test_a_replayed_letter_of_a_transaction_changes_nothing() -> None:
    replayed = ("state", b"replayed")
    assert [] == seen(dead(RECEIVED.name), UNIT, replayed)
    # but a raw record that held nothing is no unit any more
    assert [(RAW_ID, "replaced")] == seen(dead(RECEIVED.name), RAW, replayed)


def test_a_time_that_nobody_stamped_shows_in_every_comparison() -> None:
    [unit] = units(IDS, Message(RECEIVED.name, UNIT.encode(), None))
    assert datetime(1970, 1, 1, tzinfo=UTC) == unit.received_at
    assert ("oslo-teater", "tixly") == (unit.organisation, unit.vendor)


def test_the_ledger_reads_what_is_accepted_and_every_place_to_die() -> None:
    assert {
        RECEIVED.name,
        dead(RECEIVED.name),
        dead(PSEUDONYMOUS.name),
        dead(ENRICHED.name),
    } == set(TOPICS)


class Events:
    """A source of batches and a table in one, that notes in which order it was asked."""

    def __init__(self, *batches: Sequence[Message], fails: int = 0) -> None:
        self.seen: list[str] = []
        self._batches, self._fails = batches, fails
        self.rows: list[Unit] = []

    def batches(self) -> Iterator[Sequence[Message]]:
        yield from self._batches

    def commit(self, batch: Sequence[Message]) -> None:
        self.seen.append(f"commit {len(batch)}")

    def write(self, rows: Sequence[Unit]) -> None:
        if self._fails:
            self._fails -= 1
            self.seen.append("away")
            raise OperationalError("no")
        self.rows += rows
        self.seen.append(f"write {len(rows)}")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "PAUSE_S", 0.0)
    monkeypatch.setattr(ledger, "_WAIT_S", (0.0, 0.0))


def came_in(number: int) -> Message:
    return Message(RECEIVED.name, unit_name("o", "v", str(number)).encode(), None, NAMED)


def test_units_are_written_before_the_commit_and_repeats_once(at_once: None) -> None:
    events = Events([came_in(1), came_in(1), came_in(2)], [came_in(3)])
    ledger.note(events, IDS, events.write, threading.Event())
    assert ["write 2", "commit 3", "write 1", "commit 1"] == events.seen
    assert 3 == len({unit.unit for unit in events.rows})


def test_a_batch_that_tells_of_no_unit_is_committed_too(at_once: None) -> None:
    replayed = Message(dead(RECEIVED.name), UNIT.encode(), b"", (("state", b"replayed"),))
    events = Events([replayed])
    ledger.note(events, IDS, events.write, threading.Event())
    assert ["commit 1"] == events.seen


def test_it_waits_for_a_clickhouse_that_is_away(at_once: None) -> None:
    events = Events([came_in(1)], fails=3)
    ledger.note(events, IDS, events.write, threading.Event())
    assert ["away"] * 3 + ["write 1", "commit 1"] == events.seen


def test_asked_to_stop_while_clickhouse_is_away_it_commits_nothing(at_once: None) -> None:
    events, stop = Events([came_in(1)], [came_in(2)], fails=9), threading.Event()
    stop.set()
    ledger.note(events, IDS, events.write, stop)
    assert ["away"] == events.seen


def test_what_is_no_outage_ends_the_loop_uncommitted(at_once: None) -> None:
    events = Events([came_in(1)])

    def broken(_rows: Sequence[Unit]) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        ledger.note(events, IDS, broken, threading.Event())
    assert [] == events.seen
