"""Only the reader opens what was sealed, whole and unchanged, whichever of its keys it was to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos import sealing
from kudos.errors import Misconfigured, Reason, Rejected
from kudos.sealing import Opener, Sealer, new_key_pair, public_half

PRIVATE, PUBLIC = new_key_pair()
OTHER_PRIVATE, OTHER_PUBLIC = new_key_pair()
CLEAR = b'{"email": "kari@nordvik.no"}'
#: Version, writer's key, nonce; what follows is sealed, and its tag.
START = 1 + 32 + 12


def refused(sealed: bytes, *keys: str) -> bool:
    with pytest.raises(Rejected) as rejected:
        Opener(*(keys or (PRIVATE,))).open(sealed)
    assert "unsealable: seal" == str(rejected.value)
    return Reason.UNSEALABLE == rejected.value.reason


@given(st.binary(max_size=3000))
def test_the_reader_opens_what_was_sealed(clear: bytes) -> None:
    sealed = Sealer(PUBLIC).seal(clear)
    assert clear == Opener(PRIVATE).open(sealed)
    assert len(clear) + START + 16 == len(sealed)


def test_nobody_else_opens_it() -> None:
    assert refused(Sealer(PUBLIC).seal(CLEAR), OTHER_PRIVATE)
    # not even who has only the public half
    assert refused(Sealer(PUBLIC).seal(CLEAR), PUBLIC)


def test_it_holds_nothing_in_the_clear_and_is_new_each_time() -> None:
    sealer = Sealer(PUBLIC)
    one, other = sealer.seal(CLEAR), sealer.seal(CLEAR)
    assert b"kari" not in one
    # the key of one writer, but another nonce and so other bytes
    assert one[:33] == other[:33]
    assert one[33:START] != other[33:START]
    assert one[START:] != other[START:]


def test_what_was_sealed_to_an_older_key_is_opened_after_a_rotation() -> None:
    before, after = Sealer(PUBLIC).seal(CLEAR), Sealer(OTHER_PUBLIC).seal(CLEAR)
    opener = Opener(OTHER_PRIVATE, PRIVATE)
    assert [CLEAR, CLEAR] == [opener.open(sealed) for sealed in (before, after)]
    assert refused(before, OTHER_PRIVATE)


@given(st.data())
def test_a_changed_box_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(Sealer(PUBLIC).seal(CLEAR))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    assert refused(bytes(sealed))


def test_the_bit_of_a_writer_s_key_that_the_curve_does_not_look_at_counts_too() -> None:
    """RFC 7748, 5: the highest bit is masked; the hash takes the key in whole."""
    sealed = bytearray(Sealer(PUBLIC).seal(CLEAR))
    sealed[32] ^= 0x80
    assert refused(bytes(sealed))


@given(st.integers(0, START + 15))
def test_a_cut_box_is_refused(length: int) -> None:
    assert refused(Sealer(PUBLIC).seal(CLEAR)[:length])


@given(st.binary(max_size=200))
def test_what_is_no_box_is_refused(sealed: bytes) -> None:
    assert refused(sealed)
    assert refused(b"\x01" + sealed)


def test_a_box_of_another_version_is_refused() -> None:
    assert refused(b"\x02" + Sealer(PUBLIC).seal(CLEAR)[1:])


def test_a_writer_s_key_without_effect_is_refused() -> None:
    assert refused(b"\x01" + bytes(32) + bytes(12 + 40))


def writers(sealer: Sealer, boxes: int) -> list[bytes]:
    return [sealer.seal(b"")[1:33] for _ in range(boxes)]


def test_a_writer_leaves_its_key_behind_after_so_many_boxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sealing, "_BOXES", 3)
    found = writers(Sealer(PUBLIC), 9)
    assert [found[n // 3 * 3] for n in range(9)] == found
    assert 3 == len(set(found))


def test_a_writer_leaves_its_key_behind_after_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("kudos.sealing.time.monotonic", lambda: now[0])
    sealer = Sealer(PUBLIC)
    [first] = writers(sealer, 1)
    now[0] += 3600
    assert [first] == writers(sealer, 1)
    now[0] += 1
    assert [first] != writers(sealer, 1)
    assert CLEAR == Opener(PRIVATE).open(sealer.seal(CLEAR))


def test_the_public_half_is_the_pair_s() -> None:
    assert PUBLIC == public_half(PRIVATE + "\n")


@pytest.mark.parametrize("key", ["", "ab", "zz" * 32, "ab" * 31])
def test_a_key_that_is_none_is_named_and_not_quoted(key: str) -> None:
    for make in (Sealer, Opener, public_half):
        with pytest.raises(Misconfigured, match=r"^a sealing key is not 64 hex digits$"):
            make(key)
