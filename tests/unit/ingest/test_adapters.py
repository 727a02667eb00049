"""What every adapter must do, asked of every adapter that is registered.

A fixture is a body as it is sent, composed by us; beside it stands what is read of it. What a
fixture shows is its name, and what the ``shows`` of a record says beside it: so one pair may show
all of it. ``turns`` are the fields that say whether something is sold or given back.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kudos import avro
from kudos.errors import Reason, Rejected
from kudos.records import ReceivedTransaction
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Adapter, Ignored, Parsed, Sale
from tests.support.origin import NOW, origin
from tests.support.pairs import CASES, FIXTURES, expected_of, is_json, shown

#: The vendors whose records are JSON.
JSON = [vendor for vendor in ADAPTERS if is_json(vendor)]
#: What every vendor's fixtures must tell, but for what its payload has no words for.
NEEDED = {
    "order",
    "anonymous",
    "refund",
    "exchange",
    "zero_price",
    "fee",
    "letters",
    "autumn_night",
    "unknown_field",
    "missing_optional",
    "empty",
    "foreign",
}
#: What is asked in traps.toml of the vendors that stand there, and in its own fixtures of another.
TRAPS = {"spring_night", "partial_refund"}
#: What stands in an expected file beside what is read.
BESIDE = {"shows", "turns"}


def told(parsed: Parsed) -> list[Any]:
    """Return what was parsed, named by its class."""
    return [{type(one).__name__.lower(): json.loads(msgspec.json.encode(one))} for one in parsed]


def read(adapter: Adapter, vendor: str, body: bytes) -> list[dict[str, Any]]:
    """Return of each record its number and what it holds, or why it was rejected."""
    found = []
    for record in adapter.split(body):
        number = adapter.number(record)
        try:
            found.append({"number": number, "holds": told(adapter.parse(record, origin(vendor)))})
        except Rejected as error:
            found.append({"number": number, "rejected": str(error)})
    return found


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_has_its_fixtures(vendor: str) -> None:
    cannot_say = ADAPTERS[vendor].about.cannot_say
    assert all(len(why.split()) > 3 for why in cannot_say.values()), "a reason is a sentence"
    assert NEEDED - shown(vendor) <= set(cannot_say) <= (NEEDED | TRAPS) - shown(vendor)


def test_has_no_fixture_of_a_stranger() -> None:
    assert set(ADAPTERS) == {case.parent.name for case in CASES}
    expected = {p.name.removesuffix(".expected.json") for p in FIXTURES.glob("*/*.expected.json")}
    assert expected == {case.stem for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_reads_as_expected(case: Path) -> None:
    vendor = case.parent.name
    said = ({k: v for k, v in row.items() if k not in BESIDE} for row in expected_of(case))
    assert list(said) == read(ADAPTERS[vendor], vendor, case.read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_fits_the_schema(case: Path) -> None:
    vendor, adapter = case.parent.name, ADAPTERS[case.parent.name]
    for record in adapter.split(case.read_bytes()):
        try:
            parsed = adapter.parse(record, origin(vendor))
        except Rejected:
            continue
        for one in parsed:
            if isinstance(one, Sale):
                message = ReceivedTransaction(vendor, "hus", NOW, one.transaction, None)
                assert message == avro.decode(avro.encode(message), ReceivedTransaction)
                assert one.transaction.transaction == adapter.number(record)


@pytest.mark.parametrize("vendor", JSON)
def test_any_form_of_a_body_holds_the_same_records(vendor: str) -> None:
    adapter = ADAPTERS[vendor]
    (one,) = adapter.split((FIXTURES / vendor / "order.json").read_bytes())[:1]
    packed = json.dumps(json.loads(one)).encode()
    assert [packed] == list(adapter.split(packed))
    assert [packed] * 2 == list(adapter.split(b"[" + packed + b" ,\n" + packed + b"]"))
    assert [packed] * 2 == list(adapter.split(packed + b"\r\n\r\n" + packed + b"\n"))
    assert [packed] == list(adapter.split(b"\xef\xbb\xbf" + packed))
    assert [] == list(adapter.split(b" \n"))
    assert [] == list(adapter.split(b"[]"))


BAD = {
    "not JSON": b'{"a": }',
    "deep": b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "encoding": b'{"a": "\xe6\xf8\xe5"}',
    "surrogate": b'{"a": "\\ud800"}',
    "nan": b'{"a": NaN}',
    "exponent": b'{"a": 1e99999999999999999999}',
}


def page_of(vendor: str) -> bytes:
    """Return the form of a page of *vendor*: its empty one, which holds one empty list."""
    path = FIXTURES / vendor / "empty.json"
    empty = path.read_bytes() if path.is_file() else b"[]"
    assert 1 == empty.count(b"[]")
    return empty.replace(b"[]", b"[%s]")


@pytest.mark.parametrize("vendor", JSON)
@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_in_a_good_batch_loses_only_itself(vendor: str, what: str) -> None:
    adapter = ADAPTERS[vendor]
    (good,) = adapter.split((FIXTURES / vendor / "order.json").read_bytes())[:1]
    packed = json.dumps(json.loads(good)).encode()
    bodies = [form % b",".join((packed, BAD[what], packed)) for form in (b"[%s]", page_of(vendor))]
    for body in (*bodies, b"\n".join((packed, BAD[what], packed))):
        first, bad, last = read(adapter, vendor, body)
        assert first == last == read(adapter, vendor, packed)[0]
        assert "rejected" in bad


@pytest.mark.parametrize("vendor", JSON)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'"text"', Reason.UNREADABLE),
        (b"5", Reason.UNREADABLE),
        (b"<order/>", Reason.UNREADABLE),
        (b'[{"a": 1}, {"a": ', Reason.UNREADABLE),
        (b'[{"a": }] more', Reason.UNREADABLE),
        ('{"a": 1}'.encode("utf-16"), Reason.UNREADABLE),
    ],
)
def test_what_is_no_batch_is_rejected_as_a_whole(vendor: str, body: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        ADAPTERS[vendor].split(body)
    assert reason == caught.value.reason


@pytest.mark.parametrize("vendor", JSON)
def test_nesting_has_an_end(vendor: str) -> None:
    record = json.loads(ADAPTERS[vendor].split((FIXTURES / vendor / "order.json").read_bytes())[0])
    for depth, reason in ((30, None), (32, Reason.TOO_DEEP), (200_000, Reason.TOO_DEEP)):
        nested = b"[" * depth + b'"[[[{{{"' + b"]" * depth
        body = json.dumps(record).encode()[:-1] + b', "more": ' + nested + b"}"
        if reason is None:
            assert ADAPTERS[vendor].parse(body, origin(vendor))
            continue
        with pytest.raises(Rejected) as caught:
            ADAPTERS[vendor].parse(body, origin(vendor))
        assert reason == caught.value.reason


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_a_sale_of_another_systems_time_is_ignored(vendor: str) -> None:
    adapter = ADAPTERS[vendor]
    (order,) = (case for case in CASES if case.parent.name == vendor and case.stem == "order")
    records = adapter.split(order.read_bytes())
    whose = origin(vendor, begins="2030-01-01")
    assert {("other_system",)} == {
        tuple(one.why for one in adapter.parse(record, whose) if isinstance(one, Ignored))
        for record in records[:1]
    }
