"""Dead letters: what stands open, and that a replay, however often, counts once."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kudos import avro
from kudos.cli.dead_letters import readable, sent_back
from kudos.cli.letters import Group, Letter, Wanted, grouped, standing
from kudos.cli.pacing import Pace
from kudos.cli.replaying import Replay
from kudos.errors import Reason, Rejected
from kudos.records import ReceivedTransaction
from kudos.register import Register, parse
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import ENRICHED, RECEIVED
from services.identity.units import Unit, units
from services.ingest.adapters.base import Adapter, Origin, Parsed
from services.ingest.receiving import Intake
from tests.support.ingest import PLAIN, REGISTER, sale
from tests.support.ingest import parse as parse_plainly
from tests.support.memory import MemorySink

AT = datetime(2026, 5, 17, 12, tzinfo=UTC)
DEAD = f"{RECEIVED.name}.dead"
PRIVATE, PUBLIC = new_key_pair()
IDS = b"k" * 32


def forgiving(record: bytes, origin: Origin) -> Parsed:
    """Read what was bad: the adapter has been mended."""
    told = json.loads(record)
    told.pop("bad", None)
    return parse_plainly(json.dumps(told).encode(), origin)


def splitting(body: bytes) -> Sequence[bytes]:
    """Split what could not be split: the adapter has been mended."""
    return PLAIN.split(body.replace(b";", b","))


MENDED = replace(PLAIN, split=splitting, parse=forgiving)
HALF_MENDED = replace(PLAIN, split=splitting)


class Broker(MemorySink):
    """A broker whose messages have their places, as those that were read have."""

    def read(self, topic: str) -> list[Message]:
        return [replace(m, partition=1, offset=n) for n, m in enumerate(self.topics[topic])]

    def open_letters(self) -> list[Letter]:
        return list(standing(self.read(DEAD)))

    def states(self) -> dict[str, set[int]]:
        """Return the units that came in, and those of which a letter stands open by the ledger."""
        found: dict[str, set[int]] = {"received": set(), "dead": set()}
        places: dict[tuple[object, ...], bool] = {}
        for topic in (RECEIVED.name, DEAD):
            for message in self.read(topic):
                for row in units(IDS, message):
                    if isinstance(row, Unit):
                        found["received"].add(row.unit)
                        continue
                    place = (row.unit, row.topic, row.partition, row.offset)
                    places[place] = places.get(place, False) or row.replayed
        found["dead"] = {int(str(place[0])) for place, replayed in places.items() if not replayed}
        return found


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def register() -> Register:
    return parse(REGISTER)


def intake(register: Register, adapter: Adapter = PLAIN) -> Intake:
    origin = Origin(register.organisations["hus"], register.feeds["tixly", "hus"])
    return Intake(adapter, origin, Sealer(PUBLIC), letters_of("ingest"), "receipt")


def letters_of(stage: str) -> DeadLetters:
    return DeadLetters(stage, Sealer(PUBLIC), lambda _reason: None, Limit(float("inf")))


def replay(register: Register, adapter: Adapter = MENDED, key: str = PRIVATE) -> Replay:
    adapters = {"tixly": adapter}
    return Replay(Opener(key), register, adapters, Sealer(PUBLIC), letters_of("ingest"))


def push(broker: Broker, register: Register, body: Any, at: datetime = AT) -> None:
    """Take *body* as ingest does."""
    text, taking = body if isinstance(body, bytes) else json.dumps(body).encode(), intake(register)
    try:
        messages = [m for one in taking.split(text) for m in taking.take(one, at)]
    except Rejected as rejected:
        messages = [taking.letter(text, at, rejected)]
    for message in messages:
        broker.send(message)
    broker.flush()


def received(broker: Broker) -> list[ReceivedTransaction]:
    return [avro.decode(m.value or b"", ReceivedTransaction) for m in broker.topics[RECEIVED.name]]


def test_what_ingest_refused_is_read_again_as_received_then(
    broker: Broker, register: Register
) -> None:
    push(broker, register, [sale("1", bad=1, email="kari@example.no"), sale("2")])
    [letter] = broker.open_letters()
    assert ("ingest", "invalid_field", "bad", "hus", "tixly", AT) == (
        letter.stage,
        letter.reason,
        letter.detail,
        letter.organisation,
        letter.vendor,
        letter.received_at,
    )
    assert [] == sent_back([letter], replay(register), broker)
    again = received(broker)[-1]
    assert ("1", AT) == (again.transaction.transaction, again.received_at)
    assert b"kari" in Opener(PRIVATE).open(again.customer or b"")
    assert [] == broker.open_letters()
    states = broker.states()
    assert (1, 0) == (len(states["received"]) - 1, len(states["dead"]))


def test_replaying_twice_counts_once(broker: Broker, register: Register) -> None:
    push(broker, register, sale("1", bad=1))
    [letter] = broker.open_letters()
    for _ in range(2):
        sent_back([letter], replay(register), broker)
    first, second = broker.topics[RECEIVED.name]
    assert letter.id == first.header("replays")
    assert (first.key, first.headers) == (second.key, second.headers)
    assert received(broker)[0].transaction == received(broker)[1].transaction
    assert [] == broker.open_letters()


def test_what_fails_again_stays_as_it_is(broker: Broker, register: Register) -> None:
    push(broker, register, [sale("1", bad=1), 7])
    before = broker.open_letters()
    for _ in range(3):
        kept = sent_back(broker.open_letters(), replay(register, PLAIN), broker)
        assert before == [letter for letter, _ in kept]
    assert 2 == len(broker.topics[DEAD])


def test_a_whole_request_is_split_and_its_record_replaced(
    broker: Broker, register: Register
) -> None:
    push(
        broker,
        register,
        json.dumps([sale("1"), sale("2", bad=1), sale("3")]).replace(", {", "; {").encode(),
    )
    [letter] = broker.open_letters()
    assert letter.raw
    raw = broker.states()["dead"]
    sent_back([letter], replay(register, HALF_MENDED), broker)
    assert ["1", "3"] == [r.transaction.transaction for r in received(broker)]
    # told with each of them, for a replay may be broken off before the letter is noted
    replaced = [m.header("replaces") for m in broker.topics[RECEIVED.name]]
    assert [letter.raw, letter.raw] == replaced
    # the one that is bad has a letter of its own now, under its number
    [rest] = broker.open_letters()
    assert ("hus/tixly/2", AT) == (rest.unit, rest.received_at)
    states = broker.states()
    assert 1 == len(states["dead"])
    assert not raw & states["dead"]
    sent_back([rest], replay(register), broker)
    assert [] == broker.open_letters()
    assert 3 == len(broker.states()["received"])


def test_a_whole_request_in_which_nothing_can_be_read_stays(
    broker: Broker, register: Register
) -> None:
    push(broker, register, b'[{"bad": 1}; {"bad": 2}]')
    [letter] = broker.open_letters()
    [(kept, _)] = sent_back([letter], replay(register, HALF_MENDED), broker)
    assert letter == kept
    assert [letter] == broker.open_letters()


def test_a_raw_record_that_is_no_sale_after_all_is_no_unit_any_more(
    broker: Broker, register: Register
) -> None:
    push(broker, register, {"draft": 1, "bad": 1})
    sent_back(broker.open_letters(), replay(register), broker)
    assert [] == broker.open_letters()
    assert {"received": set(), "dead": set()} == broker.states()


def test_a_transaction_that_is_no_sale_after_all_leaves_the_dead_and_may_die_again(
    broker: Broker, register: Register
) -> None:
    for _ in range(2):
        push(broker, register, sale("9", draft=1, bad=1))
        assert 1 == len(broker.states()["dead"])
        sent_back(broker.open_letters(), replay(register), broker)
        assert {"received": set(), "dead": set()} == broker.states()


def test_a_replay_that_is_killed_goes_on_where_it_was(broker: Broker, register: Register) -> None:
    push(broker, register, [sale(str(n), bad=1) for n in range(500)])

    class Killed(Exception):
        """SIGKILL: nothing more is done."""

    class Mortal(MemorySink):
        def __init__(self, left: int) -> None:
            super().__init__()
            self.topics, self.left = broker.topics, left

        def send(self, message: Message) -> None:
            self.left -= 1
            if self.left < 0:
                raise Killed
            super().send(message)

    for left in (1, 199, 201, 399, 650):
        with pytest.raises(Killed):
            sent_back(broker.open_letters(), replay(register), Mortal(left))
        assert len(broker.states()["received"] | broker.states()["dead"]) == 500
    sent_back(broker.open_letters(), replay(register), broker)
    assert [] == broker.open_letters()
    assert (500, 0) == tuple(len(units) for units in broker.states().values())


def test_a_replay_keeps_its_pace_and_tells_how_far_it_is(
    broker: Broker, register: Register
) -> None:
    push(broker, register, [sale(str(n), bad=1) for n in range(30)])
    now, told, most = [0.0], list[int](), 0

    def sleep(seconds: float) -> None:
        now[0] += seconds

    class Watched(MemorySink):
        def flush(self) -> None:
            nonlocal most
            most = max(most, sum(m.topic == RECEIVED.name for m in self._unsent))
            super().flush()

    pace = Pace(10, lambda: now[0], sleep)
    sent_back(broker.open_letters(), replay(register), Watched(), pace, told.append)
    assert 2.9 <= now[0] < 3
    assert list(range(1, 31)) == told
    assert 10 == most  # noted about once a second


def test_letters_that_are_alike_are_counted(broker: Broker, register: Register) -> None:
    push(broker, register, [sale("1", bad=1), sale("2", bad=1)])
    push(broker, register, sale("3", bad=1), AT + timedelta(hours=2))
    push(broker, register, b"Kari Nordmann")
    of = ("hus", "tixly", RECEIVED.name, "ingest")
    assert [
        Group(*of, "invalid_field", 3, AT, AT + timedelta(hours=2)),
        Group(*of, "unreadable", 1, AT, AT),
    ] == grouped(broker.open_letters())


def test_a_raw_record_that_is_a_sale_after_all_is_replaced_by_it(
    broker: Broker, register: Register
) -> None:
    push(broker, register, b'{"number": "7"; "email": "kari@example.no"}')
    [letter] = broker.open_letters()
    sent_back([letter], replay(register), broker)
    [sold] = broker.topics[RECEIVED.name]
    assert (b"hus/tixly/7", letter.raw) == (sold.key, sold.header("replaces"))


def test_what_a_later_stage_refused_goes_back_to_where_it_was(broker: Broker) -> None:
    headers = (("received_at", b"5"), ("organisation", b"hus"), ("vendor", b"tixly"))
    original = Message(ENRICHED.name, b"key", b"frame", headers, partition=3, offset=17)
    refused = letters_of("aggregate").letter(original, Rejected(Reason.INVALID_FIELD, "lines"))
    [letter] = standing([replace(refused, partition=0, offset=0)])
    register = parse("")
    [back] = replay(register).messages(letter)
    assert Message(ENRICHED.name, b"key", b"frame", headers, partition=3) == back


def test_without_its_key_or_its_feed_a_letter_stays(broker: Broker, register: Register) -> None:
    push(broker, register, sale("1", bad=1))
    other = new_key_pair()[0]
    for one in (replay(register, key=other), replay(parse(""))):
        [(_, why)] = sent_back(broker.open_letters(), one, broker)
        assert why.detail in {"seal", "vendor: not in the register"}
    assert 1 == len(broker.open_letters())


def test_a_letter_is_noted_only_when_the_broker_has_what_came_of_it(
    broker: Broker, register: Register
) -> None:
    push(broker, register, sale("1", bad=1))
    broker.away = True
    with pytest.raises(ConnectionError):
        sent_back(broker.open_letters(), replay(register), broker)
    broker.away = False
    assert 1 == len(broker.open_letters())
    assert not broker.topics[RECEIVED.name]

    class Watched(Broker):
        def send(self, message: Message) -> None:
            waiting = {m.topic for m in self._unsent}
            assert message.header("state") is None or RECEIVED.name not in waiting
            super().send(message)

    watched = Watched()
    assert [] == sent_back(broker.open_letters(), replay(register), watched)
    assert [RECEIVED.name, DEAD] == [m.topic for m in watched.stored]


def test_a_letter_of_mapped_rows_is_read_as_the_standard_again(register: Register) -> None:
    origin = Origin(register.organisations["hus"], register.feeds["tixly", "hus"])
    mapped = Intake(
        PLAIN, origin, Sealer(PUBLIC), letters_of("ingest"), "receipt", read_as="homemade"
    )
    [dead] = mapped.take(b'{"number": "1", "bad": 1}', AT)
    [letter] = standing([replace(dead, partition=0, offset=0)])
    adapters = {"tixly": PLAIN, "homemade": MENDED}
    one = Replay(Opener(PRIVATE), register, adapters, Sealer(PUBLIC), letters_of("ingest"))
    [message] = one.messages(letter)
    assert (RECEIVED.name, b"hus/tixly/1") == (message.topic, message.key)
    assert message.header("read_as") is None


WANTED = [
    (Wanted(), 3),
    (Wanted(reason="invalid_field"), 2),
    (Wanted(reason="unreadable", organisation="hus"), 1),
    (Wanted(organisation="nosuch"), 0),
    (Wanted(topic=RECEIVED.name), 3),
    (Wanted(topic=DEAD, vendor="tixly", stage="ingest"), 3),
    (Wanted(topic=ENRICHED.name), 0),
    (Wanted(since=AT + timedelta(hours=1)), 1),
    (Wanted(until=AT + timedelta(hours=1)), 2),
    (Wanted(ids=frozenset({f"{DEAD}/1/1"})), 1),
]


@pytest.mark.parametrize(("wanted", "expected"), WANTED)
def test_letters_are_chosen(
    broker: Broker, register: Register, wanted: Wanted, expected: int
) -> None:
    push(broker, register, sale("1", bad=1))
    push(broker, register, sale("2", bad=1))
    push(broker, register, b"Kari Nordmann", AT + timedelta(hours=2))
    assert expected == sum(letter in wanted for letter in broker.open_letters())


def test_an_original_can_be_read(broker: Broker, register: Register) -> None:
    push(broker, register, sale("1"))
    [stored] = broker.topics[RECEIVED.name]
    assert "1" == readable(stored.value or b"")["transaction"]["transaction"]
    assert "Åse" == readable("Åse".encode())
    assert {"base64": "//4="} == readable(b"\xff\xfe")
