"""What is written is Avro, whatever it holds; what is not is rejected."""

import contextlib
import io
import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kudos import avro
from kudos.codec import compiled
from kudos.errors import Rejected
from kudos.records import Claims, Evidence
from tests.support.records import RECORDS, arbitrary

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
CLAIMS = Claims("oslo-teater", "c" * 32, NOW, {"email.1": "e" * 32}, b"sealed")
EVIDENCE = Evidence("c" * 32, "oslo-teater", "birth", "1980-01", "homemade", "declared", 1.0, NOW)


def schema(name: str) -> Any:
    return fastavro.parse_schema(
        json.loads(files("schemas.avro").joinpath(f"{name}.avsc").read_text())
    )


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_writes_what_fastavro_writes_and_reads_it_again(name: str, data: st.DataObject) -> None:
    record = data.draw(arbitrary(RECORDS[name]))
    value = avro.encode(record)
    theirs = io.BytesIO()
    fields = msgspec.to_builtins(record, builtin_types=(bytes, datetime))
    fastavro.schemaless_writer(theirs, schema(name), fields)
    assert theirs.getvalue() == value[avro.START :]
    assert record == avro.decode(value, RECORDS[name])


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_message_is_rejected_or_is_a_record(name: str, data: st.DataObject) -> None:
    shape = RECORDS[name]
    value = bytearray(avro.encode(data.draw(arbitrary(shape))))
    at = data.draw(st.integers(0, len(value) - 1))
    change = data.draw(st.sampled_from(["set", "cut", "add"]))
    if change == "cut":
        del value[at:]
    else:
        value[at : at + (change == "set")] = data.draw(st.binary(min_size=1, max_size=11))
    with contextlib.suppress(Rejected):
        found = avro.decode(bytes(value), shape)
        # a word that is none of its field's would not come through this
        assert found == msgspec.convert(msgspec.to_builtins(found), shape)


def test_begins_with_the_fingerprint_of_its_schema() -> None:
    value = avro.encode(EVIDENCE)
    canonical = fastavro.schema.to_parsing_canonical_form(schema("evidence"))
    assert b"\xc3\x01" == value[:2]
    assert fastavro.schema.fingerprint(canonical, "CRC-64-AVRO") == value[2:10].hex()
    assert "kudos.Evidence" == avro.record_of(value)


def test_the_fingerprint_is_the_specification_s() -> None:
    """https://github.com/apache/avro/blob/main/share/test/data/schema-tests.txt, of "int"."""
    ours = fastavro.schema.fingerprint('"int"', "CRC-64-AVRO")
    assert 8247732601305521295 == int.from_bytes(bytes.fromhex(ours), "little")


@pytest.mark.parametrize(
    "value", [b"", b"\xc3\x01", b"not Avro at all", b"\xc3\x01" + b"\0" * 40, avro.encode(CLAIMS)]
)
def test_what_no_known_schema_wrote_is_rejected(value: bytes) -> None:
    with pytest.raises(Rejected, match="unreadable"):
        avro.decode(value, Evidence)


def test_a_message_with_more_behind_it_is_rejected() -> None:
    with pytest.raises(Rejected, match="unreadable: ValueError"):
        avro.decode(avro.encode(EVIDENCE) + b"\0", Evidence)


def test_reads_an_array_in_blocks_of_unknown_size() -> None:
    """Avro lets a writer give a block's size after a negative count; fastavro never does."""
    value, plain = avro.encode(CLAIMS), b"\x02\x0eemail.1"
    assert 1 == value.count(plain)
    # one item, minus one; of 1 + 7 + 1 + 32 bytes
    blocks = b"\x01\x52" + plain[1:]
    assert CLAIMS == avro.decode(value.replace(plain, blocks), Claims)


@pytest.mark.parametrize(("kind", "value"), [("long", 1 << 63), ("int", 1 << 31)])
def test_refuses_to_write_a_number_that_does_not_fit(kind: str, value: int) -> None:
    class Number(msgspec.Struct):
        n: int

    encode, _ = compiled({"fields": [{"name": "n", "type": kind}]}, Number, b"")
    with pytest.raises(OverflowError):
        encode(Number(value))


def test_refuses_to_write_a_time_without_a_zone() -> None:
    with pytest.raises(TypeError):
        avro.encode(msgspec.structs.replace(EVIDENCE, observed_at=datetime(2026, 5, 20)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("kind", "value"),
    # zigzag varints: one more than what the type holds, below and above
    [
        ("int", b"\x80\x80\x80\x80\x10"),
        ("int", b"\x81\x80\x80\x80\x10"),
        ("long", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
        ("long", b"\xff" * 11 + b"\x01"),
    ],
)
def test_refuses_to_read_a_number_that_does_not_fit(kind: str, value: bytes) -> None:
    class Number(msgspec.Struct):
        n: int

    _, decode = compiled({"fields": [{"name": "n", "type": kind}]}, Number, b"")
    with pytest.raises(OverflowError):
        decode(value, 0)


@pytest.mark.parametrize(("kind", "bits"), [("int", 31), ("long", 63)])
def test_reads_the_greatest_and_the_least_number(kind: str, bits: int) -> None:
    class Number(msgspec.Struct):
        n: int

    encode, decode = compiled({"fields": [{"name": "n", "type": kind}]}, Number, b"")
    for number in ((1 << bits) - 1, -(1 << bits)):
        assert Number(number) == decode(encode(Number(number)), 0)
