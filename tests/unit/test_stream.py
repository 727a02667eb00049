"""The loop that touches a broker: nothing lost, one bad message alone."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from kudos.errors import Reason, Rejected
from kudos.kafka import murmur2
from kudos.metrics import CONSUMER_LAG, note_lag
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import (
    DeadLetters,
    Limit,
    Message,
    Step,
    TooManyRejections,
    one_by_one,
    run,
)

PRIVATE, PUBLIC = new_key_pair()


class Tape:
    """A source and a sink that note in which order they were asked."""

    def __init__(self, *batches: Sequence[Message], fails: str = "") -> None:
        self._batches, self._fails = batches, fails
        self.seen: list[str] = []

    def batches(self) -> Iterator[Sequence[Message]]:
        for batch in self._batches:
            self.seen.append("read")
            yield batch

    def commit(self, batch: Sequence[Message]) -> None:
        self._note("commit", len(batch))

    def send(self, message: Message) -> None:
        self._note("send", (message.key or b"").decode())

    def flush(self) -> None:
        self._note("flush", "")

    def _note(self, what: str, of: object) -> None:
        self.seen.append(f"{what} {of}".strip())
        if what == self._fails:
            raise ConnectionError(what)


def message(key: bytes = b"k", value: bytes | None = b"v") -> Message:
    return Message("topic", key, value, (("unit", b"u"),), partition=3, offset=17)


def twice(batch: Sequence[Message]) -> Iterable[Message]:
    return [m for m in batch for _ in range(2)]


def test_a_batch_is_committed_when_all_that_came_of_it_has_arrived() -> None:
    tape = Tape([message(b"a"), message(b"b")], [message(b"c")])
    run(tape, twice, tape)
    first = ["read", "send a", "send a", "send b", "send b", "flush", "commit 2"]
    assert [*first, "read", "send c", "send c", "flush", "commit 1"] == tape.seen


def test_a_batch_that_becomes_nothing_is_committed_too() -> None:
    tape = Tape([message()])
    run(tape, lambda _batch: (), tape)
    assert ["read", "flush", "commit 1"] == tape.seen


@pytest.mark.parametrize("fails", ["send", "flush"])
def test_what_did_not_arrive_is_not_committed(fails: str) -> None:
    tape = Tape([message()], [message()], fails=fails)
    with pytest.raises(ConnectionError):
        run(tape, twice, tape)
    assert not [what for what in tape.seen if what.startswith("commit")]
    assert 1 == tape.seen.count("read")


def test_a_bug_ends_the_loop_uncommitted() -> None:
    tape = Tape([message()])

    def broken(_batch: Sequence[Message]) -> Iterable[Message]:
        raise KeyError

    with pytest.raises(KeyError):
        run(tape, broken, tape)
    assert ["read"] == tape.seen


# --- refusals -------------------------------------------------------------------------------------


def refusing(*bad: bytes) -> Step:
    def step(message: Message) -> Iterable[Message]:
        yield Message("out", message.key, b"1")
        if message.key in bad:
            raise Rejected(Reason.INVALID_FIELD, "lines")
        yield Message("out", message.key, b"2")

    return step


def letters(counted: list[str], limit: Limit | None = None) -> DeadLetters:
    return DeadLetters("identity", Sealer(PUBLIC), counted.append, limit)


def test_one_bad_message_becomes_a_dead_letter_and_nothing_else_of_it_leaves() -> None:
    counted: list[str] = []
    batch = [message(b"a"), message(b"bad"), message(b"b")]
    outputs = list(one_by_one(refusing(b"bad"), letters(counted))(batch))
    assert ["out", "out", "topic.dead", "out", "out"] == [o.topic for o in outputs]
    assert ["invalid_field"] == counted


def test_a_dead_letter_holds_the_original_and_says_why() -> None:
    original = message(value=b"personal")
    letter = letters([]).letter(original, Rejected(Reason.UNREADABLE, "customer"))
    assert ("topic.dead", b"k") == (letter.topic, letter.key)
    assert b"personal" not in (letter.value or b"")
    assert b"personal" == Opener(PRIVATE).open(letter.value or b"")
    assert {
        "unit": b"u",
        "stage": b"identity",
        "reason": b"unreadable",
        "detail": b"customer",
        "partition": b"3",
        "offset": b"17",
    } == dict(letter.headers)
    # where it was read binds nobody who sends it on
    assert (None, None) == (letter.partition, letter.offset)


def test_a_dead_letter_of_a_tombstone_or_of_nothing_read_can_be_made() -> None:
    letter = letters([]).letter(Message("t", None, None), Rejected(Reason.UNREADABLE, "empty"))
    assert b"" == Opener(PRIVATE).open(letter.value or b"")
    assert letter.header("offset") is None


def test_too_many_rejections_in_a_row_end_the_service() -> None:
    limit = Limit(2)
    for _ in range(2):
        limit.note(rejected=True)
    limit.note(rejected=False)
    for _ in range(2):
        limit.note(rejected=True)
    with pytest.raises(TooManyRejections, match="3 in a row"):
        limit.note(rejected=True)


def test_a_good_message_between_bad_ones_begins_the_row_anew() -> None:
    apply = one_by_one(refusing(b"bad"), letters([], Limit(2)))
    list(apply([message(b"bad"), message(b"bad"), message(b"a")] * 3))
    with pytest.raises(TooManyRejections):
        list(apply([message(b"bad")] * 3))


def test_the_last_header_of_a_name_counts() -> None:
    twice = Message("t", None, None, (("a", b"1"), ("b", b"2"), ("a", "æ".encode())))
    assert ("æ", None) == (twice.header("a"), twice.header("c"))


# --- partitions and lag ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_kafka_s(key: bytes, hashed: int) -> None:
    """https://github.com/apache/kafka, clients: UtilsTest.testMurmur2."""
    assert hashed % (1 << 32) == murmur2(key)


def lag() -> dict[tuple[str, str], float]:
    [family] = CONSUMER_LAG.collect()
    return {
        (s.labels["topic"], s.labels["partition"]): s.value
        for s in family.samples
        if s.labels["service"] == "tests"
    }


def test_the_lag_of_a_partition_that_another_has_now_is_not_ours_to_say() -> None:
    note = note_lag("tests")
    note({("topic", 0): 7, ("topic", 1): 0})
    assert {("topic", "0"): 7, ("topic", "1"): 0} == lag()
    note({("topic", 1): 3})
    assert {("topic", "1"): 3} == lag()
    note({})
    assert {} == lag()
