"""Records as Avro single objects: C3 01, the fingerprint of the writer's schema, the body.

https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding
"""

import io
import json
import struct
from importlib.resources import files
from typing import Any, TypeVar, cast

import fastavro
import msgspec
from fastavro.read import SchemaResolutionError
from fastavro.schema import fingerprint, to_parsing_canonical_form

from kudos import records
from kudos.codec import compiled
from kudos.errors import Reason, Rejected

T = TypeVar("T", bound=msgspec.Struct)

#: Ten bytes tell the encoding and the writer's schema.
START = 10


def _load(folder: str) -> dict[bytes, Any]:
    """Return the schemas in *folder* by the ten bytes that their messages begin with."""
    texts = [f.read_text("utf-8") for f in files(folder).iterdir() if f.name.endswith(".avsc")]
    schemas = [fastavro.parse_schema(json.loads(text)) for text in texts]
    # fastavro's hex is little endian already, as the encoding wants it
    prints = [fingerprint(to_parsing_canonical_form(s), "CRC-64-AVRO") for s in schemas]
    return {b"\xc3\x01" + bytes.fromhex(p): s for p, s in zip(prints, schemas, strict=True)}


_OURS = _load("schemas.avro")
_WRITERS = _load("schemas.avro.released") | _OURS
#: Of each class: the ten bytes, its schema, what writes it and what reads it.
_CODECS = {
    shape: (start, schema, *compiled(schema, shape, start))
    for start, schema in _OURS.items()
    for shape in [getattr(records, schema["name"].removeprefix("kudos."))]
}


def encode(record: msgspec.Struct) -> bytes:
    """Return *record* as Avro, by the schema that is named as its class."""
    return _CODECS[type(record)][2](record)


def decode(value: bytes, shape: type[T]) -> T:
    """Return the *shape* in *value*, whichever release wrote it, or reject it."""
    start, schema, _, read = _CODECS[shape]
    try:
        if value.startswith(start):
            return cast("T", read(value, START))
        return _earlier(value, schema, shape)
    except _UNREADABLE as error:
        raise Rejected(Reason.UNREADABLE, type(error).__name__) from None


_UNREADABLE = (
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    MemoryError,
    TypeError,
    struct.error,
    SchemaResolutionError,
)


def _earlier(value: bytes, schema: Any, shape: type[T]) -> T:
    """Return what another release wrote, resolved to our *schema*."""
    writer = _WRITERS.get(value[:START])
    if writer is None:
        raise Rejected(Reason.UNREADABLE, "fingerprint")
    fields = fastavro.schemaless_reader(io.BytesIO(value[START:]), writer, schema)
    return msgspec.convert(fields, shape)


def record_of(value: bytes) -> str | None:
    """Return the name of the record that *value* begins like, or None."""
    writer = _WRITERS.get(value[:START])
    return None if writer is None else str(writer["name"])
