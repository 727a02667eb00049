"""Real records with one field replaced by arbitrary JSON: rejected, or they fit every table.

And whatever is wrong with a record, why it is rejected never says what stood in it.
"""

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kudos.errors import Rejected
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Ignored
from services.ingest.adapters.mapping import load
from services.ingest.adapters.rows import records
from tests.support.fitting import assert_same_signs, is_accepted
from tests.support.origin import origin
from tests.support.pairs import CASES, FIXTURES, expected_of, is_json, turning

#: The vendors whose records are JSON.
JSON_VENDORS = [vendor for vendor in ADAPTERS if is_json(vendor)]
ODD = st.sampled_from(
    [
        "NaN",
        "sNaN",
        "-1",
        "99999",
        "1e9999",
        "0.001",
        "Infinity",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59-12:00",
        "2026-02-30",
        "1970-01-01",
        "\x00",
        "\uff11",
        1e300,
        1e-300,
        10**25,
        -(10**25),
        1 << 63,
        1 << 62,
    ]
)
#: What might stand there all the same.
LIKELY = st.sampled_from(
    [
        None,
        "",
        0,
        1,
        250,
        "1",
        "250.00",
        "x",
        True,
        False,
        "2026-05-17",
        "2026-05-17T12:00:00+02:00",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | ODD,
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(), c, max_size=3),
    max_leaves=5,
)


def parts(value: Any) -> list[Any]:
    """Return every object and list in *value*, itself included."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [value, *(part for one in inner for part in parts(one))]


@cache
def real(vendor: str) -> tuple[bytes, ...]:
    """Return the records of *vendor*'s fixtures that hold something."""
    found = []
    for case in sorted((FIXTURES / vendor).glob("*.json")):
        if case.name.endswith(".expected.json") or case.stem == "rejected":
            continue
        for record in ADAPTERS[vendor].split(case.read_bytes()):
            try:
                parsed = ADAPTERS[vendor].parse(record, origin(vendor))
            except Rejected:
                continue
            if any(not isinstance(one, Ignored) for one in parsed):
                found.append(record)
    return tuple(found)


class Replaced(NamedTuple):
    """A record before and after one of its fields was replaced, and the field's name."""

    before: bytes
    after: bytes
    field: str | None  # None: it is no single value


def replaced(vendor: str, data: st.DataObject, value: object) -> Replaced:
    """Return a record of a fixture with one of its fields replaced by *value*."""
    before = data.draw(st.sampled_from(real(vendor)))
    record = json.loads(before)
    part = data.draw(st.sampled_from([part for part in parts(record) if part]))
    place = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else [0]))
    is_value = isinstance(part, dict) and not isinstance(part[place], dict | list)
    part[place] = value
    return Replaced(before, json.dumps(record).encode(), place.lower() if is_value else None)


def mutate(vendor: str, cases: int) -> None:
    """Try *cases* records, and say how many of them were accepted: a share that is not near 0."""
    accepted = []

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(data=st.data(), value=LIKELY | ODD | JSON)
    def one(data: st.DataObject, value: object) -> None:
        changed = replaced(vendor, data, value)
        accepted.append(is_accepted(vendor, changed.after))
        if accepted[-1] and changed.field not in {None, *turning(vendor)}:
            assert_same_signs(vendor, changed.before, changed.after)

    one()
    print(f"{vendor}: {sum(accepted)} of {len(accepted)} accepted")
    assert len(accepted) >= cases
    assert 0.08 < sum(accepted) / len(accepted) < 0.99


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_every_adapter_is_changed_in_json_or_in_xml(vendor: str) -> None:
    assert (vendor in JSON_VENDORS) != (FIXTURES / vendor / "order.xml").is_file()
    assert turning(vendor), "no field says that something is given back"


@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_a_changed_field_is_rejected_or_fits(vendor: str) -> None:
    mutate(vendor, 300)


@pytest.mark.long
@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_many_changed_fields_are_rejected_or_fit(vendor: str) -> None:
    mutate(vendor, 3_000)


def signed(vendor: str, most: int) -> Iterator[bytes]:
    """Yield the first *most* records of each fixture that shows an order, or a refund."""
    for case in CASES:
        if case.parent.name == vendor and case.suffix == ".json":
            records = ADAPTERS[vendor].split(case.read_bytes())
            shows = [row.get("shows", [case.stem]) for row in expected_of(case)]
            for wanted in ("order", "refund"):
                told = (r for r, what in zip(records, shows, strict=True) if wanted in what)
                yield from islice(told, most)


def each_changed(record: bytes, plain: tuple[object, ...]) -> Iterator[Replaced]:
    """Yield *record* with each of its single values, one by one, as each of *plain*."""
    told = json.loads(record)
    for part in parts(told):
        names = part if isinstance(part, dict) else ()
        for name in [one for one in names if not isinstance(part[one], dict | list)]:
            was = part[name]
            for part[name] in plain:
                yield Replaced(record, json.dumps(told).encode(), name.lower())
            part[name] = was


def turn(vendor: str, most: int, plain: tuple[object, ...]) -> None:
    """Try each field of the first *most* records of each fixture that tells of sales or refunds."""
    tried = 0
    for record in signed(vendor, most):
        for changed in each_changed(record, plain):
            if changed.field not in turning(vendor):
                tried += assert_same_signs(vendor, changed.before, changed.after)
    assert tried > 20


@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_no_field_turns_a_sign_but_one_that_says_so(vendor: str) -> None:
    turn(vendor, 1, (None, -1))


@pytest.mark.long
@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_no_value_of_a_field_turns_a_sign(vendor: str) -> None:
    turn(vendor, 99, (None, "", 0, 1, -1, "1", "-1", "x", True, False, 2.5, "2026-05-17"))


SECRET = "Kari Nordmann"
WRAPPED = [
    SECRET,
    f"{SECRET} - at `$.kind`",
    f"Expected {SECRET}",
    [SECRET],
    {SECRET: SECRET},
    SECRET + "\0",
    SECRET * 100,
]


def why(vendor: str, record: bytes) -> str:
    """Return why *record* is rejected, if it is."""
    try:
        ADAPTERS[vendor].parse(record, origin(vendor))
    except Rejected as error:
        return str(error)
    return ""


def quoting(vendor: str, cases: int) -> None:
    """Try *cases* records with a name where it should not stand."""

    @settings(max_examples=cases, deadline=None, database=None)
    @given(data=st.data(), wrapped=st.sampled_from(WRAPPED))
    def one(data: st.DataObject, wrapped: object) -> None:
        record = replaced(vendor, data, wrapped).after
        for body in (record, record[:-1], record.replace(b"Kari", b"Kari\xe6")):
            said = why(vendor, body)
            assert "Kari" not in said
            assert "Nordmann" not in said

    one()


@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_no_rejection_quotes_what_was_sent(vendor: str) -> None:
    quoting(vendor, 100)


@pytest.mark.long
@pytest.mark.parametrize("vendor", JSON_VENDORS)
def test_no_rejection_of_many_quotes_what_was_sent(vendor: str) -> None:
    quoting(vendor, 1_000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([SECRET, "1", "2026-01-02", "", f'"{SECRET}']), max_size=6))
def test_no_row_of_a_file_is_quoted(cells: list[str]) -> None:
    mapping = load("""
[file]
header = false
names = ["transaction", "sold_at", "quantity", "amount", "kind"]
dates = ["%Y-%m-%d"]
[columns]
transaction = "transaction"
sold_at = "sold_at"
quantity = "quantity"
amount = "amount"
kind = "kind"
[constants]
version = 1
""")
    for record in records([",".join(cells).encode()], mapping):
        assert "Kari" not in why("homemade", record)
