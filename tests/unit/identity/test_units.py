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
from services.identity.units import TOPICS, Death, Unit, units

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
    return [(f"{row.unit:032x}", state(row)) for row in units(IDS, message)]


def state(row: Unit | Death) -> str:
    if isinstance(row, Unit):
        return "received"
    return "replayed" if row.replayed else "dead"


def dead(topic: str) -> str:
    return f"{topic}.dead"


def test_what_came_in_is_a_unit_by_its_key() -> None:
    [unit] = units(IDS, Message(RECEIVED.name, UNIT.encode(), None, NAMED))
    assert Unit(int(UNIT_ID, 16), "oslo-teater", "tixly", AT) == unit


def test_a_dead_unit_says_where_and_why() -> None:
    headers = (*NAMED, ("stage", b"aggregate"), ("reason", b"invalid_field"))
    letter = Message(dead(ENRICHED.name), UNIT.encode(), b"sealed", headers, partition=2, offset=17)
    [found] = units(IDS, letter)
    expected = Death(
        unit=int(UNIT_ID, 16),
        topic=ENRICHED.name,
        partition=2,
        offset=17,
        replayed=False,
        stage="aggregate",
        reason="invalid_field",
        organisation="oslo-teater",
        vendor="tixly",
        received_at=AT,
    )
    assert expected == found


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


PLACE = f"{RECEIVED.name}.dead/3/41"


def places(topic: str, *headers: tuple[str, bytes], key: str = UNIT) -> list[tuple[object, ...]]:
    found = units(IDS, Message(topic, key.encode(), None, headers))
    return [
        (f"{row.unit:032x}", row.topic, row.partition, row.offset, row.replayed)
        for row in found
        if isinstance(row, Death)
    ]


def test_a_replay_closes_the_letter_of_what_it_read_and_of_what_it_made() -> None:
    of = (RECEIVED.name, 3, 41, True)
    replays = ("replays", PLACE.encode())
    assert [(UNIT_ID, *of)] == places(RECEIVED.name, replays)
    both = places(RECEIVED.name, replays, ("replaces", RAW.encode()))
    assert [(UNIT_ID, *of), (RAW_ID, *of)] == both
    # before letters were named
    [legacy] = places(RECEIVED.name, ("replaces", RAW.encode()))
    assert (RAW_ID, True) == (legacy[0], legacy[-1])


def test_a_note_closes_its_letter_and_no_other() -> None:
    note = (("state", b"replayed"), ("letter", PLACE.encode()))
    for key, unit in ((UNIT, UNIT_ID), (RAW, RAW_ID)):
        assert [(unit, RECEIVED.name, 3, 41, True)] == places(dead(RECEIVED.name), *note, key=key)


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
        self.rows: list[Unit | Death] = []

    def batches(self) -> Iterator[Sequence[Message]]:
        yield from self._batches

    def commit(self, batch: Sequence[Message]) -> None:
        self.seen.append(f"commit {len(batch)}")

    def write(self, rows: Sequence[Unit | Death]) -> None:
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


def test_of_repeats_in_one_batch_the_first_receipt_is_noted(at_once: None) -> None:
    early = b"1779040991000001"
    stamped = [
        (*NAMED[:2], ("received_at", at)) for at in (b"1779040991000009", early, STAMP[0][1])
    ]
    events = Events([Message(RECEIVED.name, UNIT.encode(), None, headers) for headers in stamped])
    ledger.note(events, IDS, events.write, threading.Event())
    [row] = events.rows
    assert 1 == row.received_at.microsecond


def test_a_letter_and_that_it_was_replayed_are_both_written(at_once: None) -> None:
    note = (*NAMED, ("state", b"replayed"), ("letter", PLACE.encode()))
    letter = Message(dead(RECEIVED.name), UNIT.encode(), b"", NAMED, partition=3, offset=41)
    told = Message(dead(RECEIVED.name), UNIT.encode(), None, note, partition=3, offset=42)
    events = Events([letter, letter, told, told])
    ledger.note(events, IDS, events.write, threading.Event())
    assert ["dead", "replayed"] == [state(row) for row in events.rows]
    assert 1 == len({(row.topic, row.offset) for row in events.rows if isinstance(row, Death)})


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

    def broken(_rows: Sequence[Unit | Death]) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        ledger.note(events, IDS, broken, threading.Event())
    assert [] == events.seen
