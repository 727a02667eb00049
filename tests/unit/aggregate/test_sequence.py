"""A message that was left out is noticed, whichever it is."""

import pytest

from services.aggregate.sequence import Sequence, Skipped


@pytest.fixture
def offsets() -> Sequence:
    """Return a sequence of which partition 3 begins at 15."""
    sequence = Sequence()
    sequence.begin(3, 15)
    return sequence


def test_takes_what_comes_in_order(offsets: Sequence) -> None:
    for offset in range(15, 20):
        offsets.follow(3, offset)


@pytest.mark.parametrize("left_out", [1, 2, 50])
def test_notices_that_the_first_was_left_out(offsets: Sequence, left_out: int) -> None:
    with pytest.raises(Skipped, match=f"{15 + left_out} came where 15 was due"):
        offsets.follow(3, 15 + left_out)


def test_notices_that_a_later_one_was_left_out(offsets: Sequence) -> None:
    offsets.follow(3, 15)
    with pytest.raises(Skipped):
        offsets.follow(3, 17)


def test_takes_again_what_was_delivered_before(offsets: Sequence) -> None:
    for offset in (15, 16, 17, 15, 16, 17, 18):
        offsets.follow(3, offset)


def test_notices_what_was_left_out_of_a_second_delivery(offsets: Sequence) -> None:
    for offset in (15, 16, 17, 15):
        offsets.follow(3, offset)
    with pytest.raises(Skipped):
        offsets.follow(3, 17)


def test_asks_anew_where_a_partition_begins_that_was_another_s(offsets: Sequence) -> None:
    offsets.forget([3, 4])
    assert not offsets.knows(3)
    offsets.begin(3, 90)
    offsets.follow(3, 90)
