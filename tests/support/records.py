"""Arbitrary records of every class, by their types."""

import types
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from kudos.records import (
    Claims,
    CustomerRecord,
    Evidence,
    Frame,
    Link,
    PseudonymousTransaction,
    ReceivedProfile,
    ReceivedTransaction,
    StoppedSource,
)

#: What crosses a topic, by the name of its schema.
RECORDS: dict[str, type[msgspec.Struct]] = {
    "received_transaction": ReceivedTransaction,
    "received_profile": ReceivedProfile,
    "pseudonymous_transaction": PseudonymousTransaction,
    "claims": Claims,
    "customer_record": CustomerRecord,
    "link": Link,
    "evidence": Evidence,
    "frame": Frame,
    "stopped_source": StoppedSource,
}
#: Avro's int, in a schema that says long elsewhere.
_INTS = {"vat_rate"}
_TIMES = st.datetimes(
    datetime(1, 1, 1),  # noqa: DTZ001 (the strategy wants bounds without a zone)
    datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=2000) | st.text("abc", max_size=9),
    int: st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-70, 1100),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=300),
    datetime: _TIMES,
    type(None): st.none(),
}


def arbitrary(hint: Any, field: str = "") -> st.SearchStrategy[Any]:
    """Return a strategy for values of the type *hint*."""
    args = get_args(hint)
    match get_origin(hint):
        case types.UnionType:
            found = st.one_of(*(arbitrary(arg, field) for arg in args))
        case origin if origin is tuple:
            found = st.lists(arbitrary(args[0]), max_size=3).map(tuple)
        case origin if origin is dict:
            found = st.dictionaries(arbitrary(args[0]), arbitrary(args[1]), max_size=3)
        case origin if origin is Literal:
            found = st.sampled_from(args)
        case _ if hint is int and field in _INTS:
            found = st.integers(-(1 << 31), (1 << 31) - 1)
        case _ if hint in _PLAIN:
            found = _PLAIN[hint]
        case _:
            fields = get_type_hints(hint).items()
            found = st.builds(hint, **{name: arbitrary(kind, name) for name, kind in fields})
    return found
