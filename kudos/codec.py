"""Avro's binary encoding, compiled for one schema and one class: what the hot path runs.

fastavro finds its way through the schema at every record, and through each branch of a union by
validating it: 40 µs for an order of two lines, where straight code needs 9. So that code is written
out from the schema when the program starts, as dataclasses writes ``__init__``. It knows what our
schemas use and no more; tests compare it with fastavro byte by byte.
https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
"""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Schema = Any
Encoder = Callable[[Any], bytes]
Decoder = Callable[[bytes, int], Any]


def _long(n: int) -> bytes:
    """Return a zigzag varint."""
    if not -(1 << 63) <= n < 1 << 63:
        raise OverflowError("long")
    n = n << 1 if n >= 0 else ~n << 1 | 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


#: Lengths and small numbers, which most are.
_SMALL = tuple(_long(n) for n in range(1024))


def _number(n: int) -> bytes:
    return _SMALL[n] if 0 <= n < 1024 else _long(n)


def _int(n: int) -> bytes:
    if not -(1 << 31) <= n < 1 << 31:
        raise OverflowError("int")
    return _long(n)


def _read_long(b: bytes, p: int) -> tuple[int, int]:
    n = shift = 0
    while True:
        byte = b[p]
        p += 1
        n |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 63:
            raise OverflowError("long")
    if n >= 1 << 64:
        raise OverflowError("long")
    return n >> 1 ^ -(n & 1), p


def _read_int(b: bytes, p: int) -> tuple[int, int]:
    n, p = _read_long(b, p)
    if not -(1 << 31) <= n < 1 << 31:
        raise OverflowError("int")
    return n, p


@lru_cache(maxsize=4096)
def _moment(at: datetime) -> bytes:
    """Return a timestamp-micros; the lines of an order share their times."""
    return _long((at - _EPOCH) // _MICROSECOND)


#: Times of 1974 to 2540 take eight bytes, which tell them; those of an order's lines come again.
_moments: dict[bytes, datetime] = {}


def _read_moment(b: bytes, p: int) -> tuple[datetime, int]:
    known = _moments.get(b[p : p + 8])
    if known is not None:
        return known, p + 8
    n, end = _read_long(b, p)
    at = _EPOCH + timedelta(microseconds=n)
    if end - p == 8:
        if len(_moments) >= 4096:
            _moments.clear()
        _moments[b[p:end]] = at
    return at, end


_NAMES: dict[str, Any] = {
    "int_": _int,
    "long_": _long,
    "number": _number,
    "read_int": _read_int,
    "read_long": _read_long,
    "moment": _moment,
    "read_moment": _read_moment,
    "small": _SMALL,
    "double": struct.Struct("<d"),
}


#: What appends ``v`` to the bytearray ``o``.
_WRITE = {
    "boolean": ["o += b'\\1' if v else b'\\0'"],
    "int": ["o += small[v] if 0 <= v < 1024 else int_(v)"],
    "long": ["o += small[v] if 0 <= v < 1024 else long_(v)"],
    "double": ["o += double.pack(v)"],
    "bytes": ["n = len(v); o += small[n] if n < 1024 else long_(n); o += v"],
    "timestamp-micros": ["o += moment(v)"],
}
_WRITE["string"] = ["v = v.encode()", *_WRITE["bytes"]]
#: What reads ``v`` from the bytes ``b`` at ``p``, and moves ``p`` behind it. A length beyond the
#: end makes ``p`` overshoot, which is seen at the end.
_READ = {
    "boolean": ["v = b[p]; p += 1", "if v > 1: raise ValueError('boolean')", "v = v == 1"],
    "int": [
        "v = b[p]",
        "if v < 128: v = v >> 1 ^ -(v & 1); p += 1",
        "else: v, p = read_int(b, p)",
    ],
    "long": [
        "v = b[p]",
        "if v < 128: v = v >> 1 ^ -(v & 1); p += 1",
        "else: v, p = read_long(b, p)",
    ],
    "double": ["v = double.unpack_from(b, p)[0]; p += 8"],
    "timestamp-micros": ["v, p = read_moment(b, p)"],
}
_READ["bytes"] = [
    *_READ["long"],
    "if v < 0: raise ValueError('length')",
    "e = p + v; v = b[p:e]; p = e",
]
_READ["string"] = [*_READ["bytes"], "v = v.decode()"]


class _Code:
    """Source under construction: one writer and one reader for each record of the schema."""

    def __init__(self) -> None:
        self.names = dict(_NAMES)
        self.lines: list[str] = []

    def record(self, schema: Schema, shape: type[msgspec.Struct]) -> None:
        """Add the functions of a record, its inner records' first."""
        name, hints = shape.__name__, get_type_hints(shape)
        self.names[name] = shape
        fields = {field["name"]: field["type"] for field in schema["fields"]}
        writes = [f"def write_{name}(r, o):"]
        reads = [f"def read_{name}(b, p):"]
        for field, kind in fields.items():
            writes += [f" v = r.{field}", *self.write(kind, hints[field], " ")]
            reads += [*self.read(kind, hints[field], " "), f" {field}_ = v"]
        made = ", ".join(f"{field}={field}_" for field in fields)
        self.lines += [*writes, " return o", *reads, f" return {name}({made}), p"]

    def write(self, kind: Schema, hint: Any, tab: str) -> Iterator[str]:
        """Yield what appends ``v`` to the bytearray ``o``, indented by *tab*."""
        match _plain(kind):
            case ["null", inner]:
                yield f"{tab}if v is None: o += b'\\0'"
                yield f"{tab}else:"
                yield f"{tab} o += b'\\2'"
                yield from self.write(inner, _not_none(hint), tab + " ")
            case {"type": "array", "items": inner}:
                yield f"{tab}if v:"
                yield f"{tab} o += number(len(v))"
                yield f"{tab} for v in v:"
                yield from self.write(inner, get_args(hint)[0], tab + "  ")
                yield f"{tab}o += b'\\0'"
            case {"type": "map", "values": "string"}:
                yield f"{tab}if v:"
                yield f"{tab} o += number(len(v))"
                yield f"{tab} for pair in v.items():"
                yield f"{tab}  for v in pair:"
                yield from self.write("string", str, tab + "   ")
                yield f"{tab}o += b'\\0'"
            case {"type": "record"}:
                self.record(kind, hint)
                yield f"{tab}write_{hint.__name__}(v, o)"
            case plain:
                yield from (tab + line for line in _WRITE[plain])

    def read(self, kind: Schema, hint: Any, tab: str) -> Iterator[str]:
        """Yield what reads ``v`` from the bytes ``b`` at ``p``, indented by *tab*."""
        match _plain(kind):
            case "string" if get_origin(hint) is Literal:
                words = f"words_{len(self.names)}"
                self.names[words] = {word.encode(): word for word in get_args(hint)}
                yield from self.read("bytes", bytes, tab)
                yield f"{tab}v = {words}[v]"
            case ["null", inner]:
                yield f"{tab}v = b[p]; p += 1"
                yield f"{tab}if v == 0: v = None"
                yield f"{tab}elif v == 2:"
                yield from self.read(inner, _not_none(hint), tab + " ")
                yield f"{tab}else: raise ValueError('branch')"
            case {"type": "array", "items": inner}:
                yield from self.blocks(tab, "array")
                yield from self.read(inner, get_args(hint)[0], tab + "  ")
                yield f"{tab}  found.append(v)"
                yield f"{tab}v = tuple(found)"
            case {"type": "map", "values": "string"}:
                yield from self.blocks(tab, "map")
                yield from self.read("string", str, tab + "  ")
                yield f"{tab}  k = v"
                yield from self.read("string", str, tab + "  ")
                yield f"{tab}  found.append((k, v))"
                yield f"{tab}v = dict(found)"
            case {"type": "record"}:
                yield f"{tab}v, p = read_{hint.__name__}(b, p)"
            case plain:
                yield from (tab + line for line in _READ[plain])

    def blocks(self, tab: str, what: str) -> Iterator[str]:
        """Yield the loop over the items of an array or a map; a negative count brings a size."""
        yield f"{tab}found = []"
        yield f"{tab}while True:"
        yield f"{tab} n, p = read_long(b, p)"
        yield f"{tab} if n < 0: n = -n; _, p = read_long(b, p)"
        yield f"{tab} if n == 0: break"
        yield f"{tab} if n > len(b): raise ValueError('{what}')"
        yield f"{tab} for _ in range(n):"


def _plain(kind: Schema) -> Schema:
    """Return the name of a type without parts, else *kind*; what is not known here has no code."""
    return kind.get("logicalType", kind) if isinstance(kind, dict) else kind


def _not_none(hint: Any) -> Any:
    [inner] = [arg for arg in get_args(hint) if arg is not type(None)]
    return inner


def compiled(schema: Schema, shape: type[msgspec.Struct], start: bytes) -> tuple[Encoder, Decoder]:
    """Return what writes a *shape* behind *start*, and what reads one from bytes at a place.

    The reader raises ValueError, LookupError, OverflowError or struct.error at what is none.
    """
    code = _Code()
    code.record(schema, shape)
    names = code.names
    exec("\n".join(code.lines), names)  # noqa: S102 (made of our own schemas, and of nothing else)
    write, read = names[f"write_{shape.__name__}"], names[f"read_{shape.__name__}"]

    def encode(record: Any) -> bytes:
        return bytes(write(record, bytearray(start)))

    def decode(value: bytes, at: int) -> Any:
        record, end = read(value, at)
        if end != len(value):
            raise ValueError("length")
        return record

    return encode, decode
