"""Enrich packs a partition's transactions into frames, in order, and loses none."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kudos import avro
from kudos.records import Frame, Place, PseudonymousTransaction
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Message, TooManyRejections
from kudos.topics import ENRICHED, PSEUDONYMOUS
from services.enrich.step import LARGEST, MOST, enrich, frames
from tests.support import examples
from tests.support.records import arbitrary

PRIVATE, PUBLIC = new_key_pair()
KNOWN = {"6003": Place("15", "1508", "3")}
NAMES = examples.of("pseudonymous_transaction")
ONE: PseudonymousTransaction = examples.example(NAMES[0])


class Counted:
    """The step, and how often it counted which reason."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        dead = DeadLetters("enrich", Sealer(PUBLIC), lambda r: self.reasons.update([r]))
        self.step = frames(KNOWN, dead)

    def __call__(self, batch: Sequence[Message]) -> list[Message]:
        return list(self.step(batch))


def message(transaction: PseudonymousTransaction, partition: int = 0, offset: int = 0) -> Message:
    key = f"{transaction.transaction_id}/{transaction.revision}".encode()
    headers = (("unit_id", transaction.transaction_id.encode()),)
    value = avro.encode(transaction)
    return Message(PSEUDONYMOUS.name, key, value, headers, partition=partition, offset=offset)


def numbered(number: int, padding: int = 0) -> PseudonymousTransaction:
    return replace(ONE, transaction_id=f"{number:032x}", channel="web", order_id="o" * padding)


def frame(output: Message) -> Frame:
    assert ENRICHED.name == output.topic
    return avro.decode(output.value or b"", Frame)


def numbers(output: Message) -> list[int]:
    return [int(e.transaction.transaction_id, 16) for e in frame(output).transactions]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_comes_through_whole_twice(name: str) -> None:
    transaction = examples.example(name)
    one, other = (Counted()([message(transaction, partition=3)]) for _ in range(2))
    assert one == other
    [output] = one
    assert (3, None) == (output.partition, output.offset)
    assert (enrich(KNOWN, transaction),) == frame(output).transactions
    assert transaction == frame(output).transactions[0].transaction


def test_what_one_record_tells_is_age_and_place() -> None:
    found = enrich(KNOWN, replace(ONE, birth="1971-08", postal_code="6003", country="NO"))
    assert ("45-54", KNOWN["6003"]) == (found.age_band, found.place)
    abroad = enrich(KNOWN, replace(ONE, postal_code="6003", country="SE"))
    assert Place() == abroad.place
    nobody = enrich(KNOWN, replace(ONE, birth=None, postal_code=None, country=None))
    assert ("unknown", Place()) == (nobody.age_band, nobody.place)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=3 * MOST))
def test_each_partition_s_transactions_stay_in_order_and_apart(partitions: list[int]) -> None:
    batch = [message(numbered(n), partition, n) for n, partition in enumerate(partitions)]
    found: dict[int | None, list[int]] = {}
    for output in Counted()(batch):
        assert 1 <= len(numbers(output)) <= MOST
        found.setdefault(output.partition, []).extend(numbers(output))
    expected: dict[int | None, list[int]] = {}
    for n, partition in enumerate(partitions):
        expected.setdefault(partition, []).append(n)
    assert expected == found


def test_frames_are_full_but_the_last() -> None:
    batch = [message(numbered(n)) for n in range(2 * MOST + 1)]
    assert [MOST, MOST, 1] == [len(numbers(output)) for output in Counted()(batch)]


def test_frames_are_held_to_what_the_broker_takes() -> None:
    batch = [message(numbered(n, padding=LARGEST // 3)) for n in range(7)]
    outputs = Counted()(batch)
    assert [2, 2, 2, 1] == [len(numbers(output)) for output in outputs]
    assert max(len(output.value or b"") for output in outputs) < 1_000_000


def test_one_that_is_larger_than_a_frame_goes_alone() -> None:
    sizes = [0, LARGEST + 1, 0]
    outputs = Counted()([message(numbered(n, size)) for n, size in enumerate(sizes)])
    assert [[0], [1], [2]] == [numbers(output) for output in outputs]


def test_a_message_that_is_none_dies_alone() -> None:
    good = message(numbered(1))
    bad = Message(PSEUDONYMOUS.name, b"k", b"\xc3\x01no", partition=0, offset=7)
    step = Counted()
    outputs = step([good, bad, message(numbered(2))])
    letters = [o for o in outputs if o.topic == f"{PSEUDONYMOUS.name}.dead"]
    [whole] = [o for o in outputs if o.topic == ENRICHED.name]
    assert [1, 2] == numbers(whole)
    assert [bad.value] == [Opener(PRIVATE).open(letter.value or b"") for letter in letters]
    assert {"unreadable": 1} == step.reasons


def test_nothing_but_bad_messages_is_no_frame() -> None:
    [letter] = Counted()([Message(PSEUDONYMOUS.name, b"k", b"")])
    assert f"{PSEUDONYMOUS.name}.dead" == letter.topic


def test_too_many_bad_messages_in_a_row_end_the_service() -> None:
    bad = Message(PSEUDONYMOUS.name, b"k", b"", partition=0)
    with pytest.raises(TooManyRejections):
        Counted()([bad] * 501)
    found = Counter(o.topic for o in Counted()([*[bad] * 500, message(numbered(1))] * 2))
    assert {f"{PSEUDONYMOUS.name}.dead": 1000, ENRICHED.name: 2} == found


def test_a_tombstone_says_nothing() -> None:
    assert [] == Counted()([Message(PSEUDONYMOUS.name, b"k", None, partition=0, offset=1)])


@settings(max_examples=100, deadline=None)
@given(arbitrary(PseudonymousTransaction))
def test_whatever_a_transaction_holds_it_comes_through(
    transaction: PseudonymousTransaction,
) -> None:
    [output] = Counted()([message(transaction)])
    assert [transaction] == [e.transaction for e in frame(output).transactions]
