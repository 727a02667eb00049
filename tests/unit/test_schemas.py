"""Schemas, record classes, examples and releases hold together, and old and new read each other."""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import fastavro
import msgspec
import pytest
from fastavro.read import SchemaResolutionError
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from kudos import avro, records
from kudos.errors import Rejected
from kudos.records import Evidence
from kudos.topics import TOPICS
from tests.support import examples
from tests.support.records import RECORDS, arbitrary

AVRO = Path(str(files("schemas.avro")))
CURRENT = {p.stem: json.loads(p.read_text("utf-8")) for p in AVRO.glob("*.avsc")}
RELEASED = sorted(p.name for p in (AVRO / "released").glob("*.avsc"))

#: What is released never changes: a topic may hold what it wrote. A new release is a new file.
#: The first 40 digits, which fit into a line.
SHA256 = {
    "claims.1.avsc": "b45c3d18c655c92b9fd851a580be17e4c734d6d8",
    "customer_record.1.avsc": "c24cf6c464bcd302cdec6c956377da51ba824735",
    "evidence.1.avsc": "b12ac88b828a39df285f6a4d83d034ab470c2f3b",
    "frame.1.avsc": "56221cef755a8dfd6b6797742755ff4075d2bb9e",
    "link.1.avsc": "3d5d71c2406c4d70378e90983d63349372f1d6f4",
    "pseudonymous_transaction.1.avsc": "50498e4073c0d75d679d9593deafa601b87adca8",
    "received_profile.1.avsc": "61ea9e0eac8a43a935a162e40f2b1dfe338c0b86",
    "received_profile.2.avsc": "f29e9ad1914c1f37b96bb20109a7c7efc71a6545",
    "received_transaction.1.avsc": "338825e7e31746bb029774baebf1494b29e44e98",
    "stopped_source.1.avsc": "96ce28afb0f2b058464debcc00112fa30d5eafe4",
}
AVRO_TYPES: dict[Any, Any] = {
    str: "string",
    int: "long",
    float: "double",
    bool: "boolean",
    bytes: "bytes",
    datetime: {"type": "long", "logicalType": "timestamp-micros"},
}
#: Small numbers, which a schema may hold as int.
INTS = {"vat_rate"}


def shape_of(released: str) -> type[msgspec.Struct]:
    return RECORDS[released.partition(".")[0]]


def released(name: str) -> Any:
    return fastavro.parse_schema(json.loads((AVRO / "released" / name).read_text("utf-8")))


def of_class(hint: Any, field: str = "") -> Any:
    """Return the schema that a value of the type *hint* has, without documents."""
    args = get_args(hint)
    match get_origin(hint):
        case origin if origin is UnionType:
            [inner] = [arg for arg in args if arg is not NoneType]
            return ["null", of_class(inner, field)]
        case origin if origin is tuple:
            return {"type": "array", "items": of_class(args[0])}
        case origin if origin is dict:
            return {"type": "map", "values": of_class(args[1])}
        case origin if origin is Literal:
            return "string"
    if hint in AVRO_TYPES:
        return "int" if field in INTS else AVRO_TYPES[hint]
    fields = [
        {"name": name, "type": of_class(kind, name)} for name, kind in get_type_hints(hint).items()
    ]
    return {"type": "record", "name": hint.__name__, "fields": fields}


def bare(schema: Any) -> Any:
    """Return *schema* without documents, namespaces and defaults."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    if isinstance(schema, dict):
        return {k: bare(v) for k, v in schema.items() if k not in {"doc", "namespace", "default"}}
    return schema


def records_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every record that *schema* defines."""
    if isinstance(schema, list):
        for one in schema:
            yield from records_in(one)
    elif isinstance(schema, dict):
        if schema["type"] == "record":
            yield schema
        for key in ("type", "items", "values"):
            yield from records_in(schema.get(key))
        for field in schema.get("fields", []):
            yield from records_in(field["type"])


def resolved(value: dict[str, Any], writer: Any, reader: Any) -> Any:
    """Return *value* as *reader* sees what *writer* wrote."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, writer, value)
    return fastavro.schemaless_reader(io.BytesIO(out.getvalue()), writer, reader)


def fields_of(record: msgspec.Struct) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(bytes, datetime))
    return fields


def test_schemas_records_topics_and_examples_are_of_each_other() -> None:
    crossing = {topic.record for topic in TOPICS.values() if topic.record}
    assert crossing == set(RECORDS.values())
    assert CURRENT.keys() == RECORDS.keys()
    assert CURRENT.keys() == {name.partition("/")[0] for name in examples.names()}
    assert CURRENT.keys() == {name.partition(".")[0] for name in RELEASED}
    assert {p.name for p in examples.FOLDER.iterdir()} == CURRENT.keys()


@pytest.mark.parametrize("name", CURRENT)
def test_a_class_is_pinned_to_its_schema(name: str) -> None:
    assert of_class(RECORDS[name]) == bare(CURRENT[name])
    # what an earlier release did not write is read as the class has it
    later = {f["name"]: f["default"] for f in CURRENT[name]["fields"] if "default" in f}
    assert later == {f.name: f.default for f in fields(RECORDS[name]) if not f.required}


def test_every_class_of_records_crosses_a_topic() -> None:
    defined = {r["name"] for schema in CURRENT.values() for r in records_in(schema)}
    shapes = (c for c in vars(records).values() if isinstance(c, type))
    classes = {c.__name__ for c in shapes if c.__module__ == records.__name__}
    sealed = {"Customer", "Consents", "Stated"}  # only ever inside a sealed part
    assert classes - sealed == defined


def test_a_record_that_several_schemas_hold_is_the_same_in_all() -> None:
    found: dict[str, Any] = {}
    for schema in CURRENT.values():
        for record in records_in(schema):
            assert bare(record) == bare(found.setdefault(record["name"], record))


@pytest.mark.parametrize("name", CURRENT)
def test_every_field_says_why_it_is_there(name: str) -> None:
    for record in records_in(CURRENT[name]):
        assert len(record["doc"].split()) > 3, record["name"]
        for field in record["fields"]:
            said = field.get("doc", "")
            assert said, (record["name"], field["name"])
            assert said.casefold() != field["name"].replace("_", " ")


@pytest.mark.parametrize("name", examples.names())
def test_an_example_is_a_record_and_survives(name: str) -> None:
    record = examples.example(name)
    written = avro.encode(record)
    assert record == avro.decode(written, type(record))
    # nothing in the file is beside the record, nothing that it may say is left out
    said = examples.fields_of(name)
    assert said.keys() == set(type(record).__struct_fields__)


def test_what_is_released_never_changes() -> None:
    found = {
        n: hashlib.sha256((AVRO / "released" / n).read_bytes()).hexdigest()[:40] for n in RELEASED
    }
    assert found == SHA256


@pytest.mark.parametrize("name", CURRENT)
def test_the_current_schema_is_a_released_one_or_a_new_one(name: str) -> None:
    """Whoever changes a schema sees here that it is time for a release of its own."""
    ours = avro.encode(examples.example(examples.of(name)[0]))[: avro.START]
    prints = {
        b"\xc3\x01"
        + bytes.fromhex(
            fastavro.schema.fingerprint(
                fastavro.schema.to_parsing_canonical_form(released(n)), "CRC-64-AVRO"
            )
        )
        for n in RELEASED
        if n.startswith(f"{name}.")
    }
    assert ours in prints


@pytest.mark.parametrize("name", RELEASED)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_release_and_the_current_schema_read_each_other(
    name: str, data: st.DataObject
) -> None:
    old, new = released(name), fastavro.parse_schema(CURRENT[name.partition(".")[0]])
    shape = shape_of(name)
    made = data.draw(arbitrary(shape))
    back = resolved(fields_of(made), old, new)
    written = {field["name"] for field in old["fields"]}
    unsaid = {f.name: f.default for f in fields(shape) if f.name not in written}
    assert replace(made, **unsaid) == msgspec.convert(back, shape)
    forth = resolved(fields_of(made), new, old)
    assert forth.keys() == {field["name"] for field in old["fields"]}


@pytest.mark.parametrize(
    ("change", "backward", "forward"),
    [
        ({"name": "why", "type": "string", "doc": "-"}, False, True),
        ({"name": "why", "type": "string", "default": "", "doc": "-"}, True, True),
        ("drop", True, False),
        ("retype", False, False),
    ],
)
def test_a_change_that_breaks_a_reader_is_seen(
    change: Any, *, backward: bool, forward: bool
) -> None:
    fields = [dict(field) for field in CURRENT["evidence"]["fields"]]
    if change == "drop":
        fields = fields[:-1]
    elif change == "retype":
        fields[3]["type"] = "bytes"
        fields[6]["type"] = "string"
    else:
        fields.append(change)
    old = fastavro.parse_schema(CURRENT["evidence"])
    new = fastavro.parse_schema(CURRENT["evidence"] | {"fields": fields})
    value = fields_of(examples.example("evidence/gender"))

    def reads(value: dict[str, Any], writer: Any, reader: Any) -> bool:
        try:
            resolved(value, writer, reader)
        except SchemaResolutionError:
            return False
        return True

    assert backward == reads(value, old, new)
    newer = value | {"why": "", "value": b"" if change == "retype" else "x"}
    newer["confidence"] = "1" if change == "retype" else 1.0
    assert forward == reads(newer, new, old)


def an_earlier_release(monkeypatch: pytest.MonkeyPatch, value: dict[str, Any]) -> bytes:
    """Return *value* of Evidence as a release wrote it that had one field more."""
    more = {"name": "note", "type": "string", "doc": "-"}
    schema = CURRENT["evidence"] | {"fields": [more, *CURRENT["evidence"]["fields"]]}
    writer = fastavro.parse_schema(schema)
    start = b"\xc3\x01earlier."
    monkeypatch.setattr(avro, "_WRITERS", {start: writer})
    out = io.BytesIO(start)
    out.seek(avro.START)
    fastavro.schemaless_writer(out, writer, value | {"note": "it was once said"})
    return out.getvalue()


def test_what_an_earlier_release_wrote_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    record = examples.example("evidence/segment")
    value = an_earlier_release(monkeypatch, fields_of(record))
    assert record == avro.decode(value, Evidence)


@pytest.mark.parametrize("cut", [0, 30])
def test_what_an_earlier_release_wrote_and_we_cannot_hold_is_rejected(
    monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    fields = fields_of(examples.example("evidence/segment")) | {"attribute": "shoe_size"}
    value = an_earlier_release(monkeypatch, fields)
    with pytest.raises(Rejected) as rejected:
        avro.decode(value[: len(value) - cut], Evidence)
    assert "shoe" not in str(rejected.value)
