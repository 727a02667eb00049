"""Every source of profiles: what its records say, and that nothing else comes of them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kudos.errors import Rejected
from kudos.records import Customer
from kudos.register import PROFILE_SOURCES
from services.ingest.adapters.base import Adapter, Origin, Parsed, Person
from services.ingest.sources import SOURCES, cells
from services.ingest.sources.matching import OTHER, agreement
from services.ingest.sources.persons import Found
from tests.support.origin import origin
from tests.support.shared import beside
from tests.support.shares import State

FIXTURES = Path(__file__).parent / "profiles"
VENDORS = "vendors/reconstructed"
CASES = sorted(p for p in FIXTURES.glob("*/*") if ".expected" not in p.name)


def told(parsed: Parsed) -> list[Any]:
    """Return what was parsed, named by its class."""
    return [{type(one).__name__.lower(): json.loads(msgspec.json.encode(one))} for one in parsed]


def read(source: str, body: bytes, own: dict[str, Any] | None = None) -> list[Any]:
    """Return what each record of *body* holds, or why it was rejected."""
    adapter, found = SOURCES[source], []
    for record in adapter.split(body):
        try:
            found.append(told(adapter.parse(record, origin(source, own=own))))
        except Rejected as error:
            found.append([{"rejected": str(error)}])
    return found


def test_every_source_but_the_survey_has_an_adapter_and_fixtures() -> None:
    assert set(PROFILE_SOURCES) - {"npumonitor"} == set(SOURCES)
    assert set(SOURCES) == {case.parent.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_reads_as_expected(case: Path) -> None:
    expected = json.loads(case.with_suffix(".expected.json").read_text("utf-8"))
    assert expected == read(case.parent.name, case.read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_dead_letter_that_is_replayed_is_one_record(case: Path) -> None:
    adapter = SOURCES[case.parent.name]
    for record in adapter.split(case.read_bytes()):
        assert [json.loads(record)] == [json.loads(one) for one in adapter.split(record)]
        assert adapter.number(record) is None or b"orderId" in record


def test_the_register_names_columns_and_segments() -> None:
    own = {"columns": {"customer_id": "KundeNr", "segment": "cults"}, "segments": {"7": "Release"}}
    body = b"KundeNr,cults,tagged_at\n5,7,2026-01-01\n6,essence,2026-01-01\n7,8,2026-01-01\n"
    first, second, third = read("tagtool", body, own)
    assert ("5", "Release") == (
        first[0]["person"]["customer"]["number"],
        first[0]["person"]["stated"]["segment"],
    )
    assert "Essence" == second[0]["person"]["stated"]["segment"]
    assert "invalid_field: segment: none of the eight" in third[0]["rejected"]


def test_orders_are_sales_only_where_the_register_says_so() -> None:
    body = (FIXTURES / "markethype" / "orders.json").read_bytes()
    copies = read("markethype", body)
    assert [["person", "ignored"], ["ignored"]] == [[next(iter(o)) for o in one] for one in copies]
    (person, sale), (withdrawn,) = read("markethype", body, {"orders": "sales"})
    assert person["person"]["customer"] == sale["sale"]["customer"]
    [line] = sale["sale"]["transaction"]["lines"]
    assert (3, 59850, "NOK") == (
        line["quantity"],
        line["amount_minor"],
        sale["sale"]["transaction"]["currency"],
    )
    assert [] == withdrawn["sale"]["transaction"]["lines"]


def test_the_register_says_how_sure_a_match_must_be() -> None:
    body = (FIXTURES / "dnb" / "stored.json").read_bytes()
    sure = [sum("person" in o for one in read("dnb", body, own) for o in one) for own in OWN]
    assert [4, 3, 1, 5] == sure
    wrong = read("dnb", body, {"least_confidence": "high"})
    assert any(
        "least_confidence of the register" in o["rejected"] for [o] in wrong if "rejected" in o
    )


OWN: list[dict[str, Any]] = [
    {},
    {"least_confidence": 0.97},
    {"least_confidence": 1},
    {"least_confidence": 0.8},
]


@pytest.mark.parametrize(
    ("asked", "found", "expected"),
    [
        (
            ("Kari", "Moe", "1980-01-02", None, None),
            ("Kari Anne", "Moe", "1980-01-02", None, None),
            "0.99",
        ),
        (("Kari", "Moe", "1980-01-02", None, None), ("Kari", "Moe", "1980-01-03", None, None), "0"),
        (("Kari", "Moe", "1980-01-02", None, None), ("Eva", "Moe", "1980-01-02", None, None), "0"),
        (("Kari", "Moe", "1980-01-02", None, None), ("Kari", "Moe", "1980", None, None), "0.8"),
        (("Kari", "Moe", "1980", None, None), ("Kari", "Moe", "1981", None, None), "0"),
        (
            ("Kari", "Moe", None, "0155", "+47 400 00 000"),
            ("KARI", "moe", None, "0155", "40000000"),
            "0.95",
        ),
        (("Kari", "Moe", None, "0155", None), ("Kari", "Moe", None, "0155", "40000000"), "0.8"),
        (("Kari", "Moe", None, "0155", None), ("Kari", "Moe", None, "0156", None), None),
        (
            ("Kari", "Lie", "1980-01-02", None, None),
            ("Kari", "Moe", "1980-01-02", None, None),
            None,
        ),
        ((None, None, None, None, None), ("Kari", "Moe", "1980-01-02", None, None), None),
    ],
)
def test_a_match_is_as_sure_as_what_agrees(asked: Any, found: Any, expected: str | None) -> None:
    given, family, birth, place, phone = asked
    customer = Customer(
        given_name=given, family_name=family, birth_date=birth, postal_code=place, phone=phone
    )
    given, family, birth, place, phone = found
    sure = agreement(customer, Found(given, family, None, birth, None, place, None, phone))
    assert expected == (None if sure is None else str(sure))
    assert (sure == OTHER) == (expected == "0")


def test_the_files_beside_the_project_say_what_stands_in_them() -> None:
    tags = read("tagtool", beside(f"{VENDORS}/culturesegments/tagtool_export.csv").read_bytes())
    persons = [one["person"] for [one] in tags]
    assert ["Essence", "Expression", "Affirmation", "Enrichment"] == [
        person["stated"]["segment"] for person in persons[:4]
    ]
    assert [str(n) for n in range(118842, 118850)] == [p["customer"]["number"] for p in persons]
    assert ["declared", *["inferred"] * 7] == [
        p["stated"].get("basis", "declared") for p in persons
    ]
    match = beside(f"{VENDORS}/dnb/match_response.json").read_bytes()
    directory = beside(f"{VENDORS}/dnb/norway_directory_response.json").read_bytes()
    mapped = beside("vendors/samples/dnb/consumer_intelligence_mapped_person.json").read_bytes()
    said = [
        one["person"]["stated"]
        for body in (match, directory, mapped)
        for [one] in read("dnb", body)
    ]
    assert [
        ("male", "1984-05-17", "0155"),
        ("male", "1984-05-17", "0155"),
        ("male", "1983-03-22", "6812"),
    ] == [(one["gender"], one["birth_date"], one["postal_code"]) for one in said]
    contacts = beside(f"{VENDORS}/markethype/contacts_import_request.json").read_bytes()
    [[contact]] = read("markethype", contacts)
    assert "ola@example.com" == contact["person"]["customer"]["email"]
    assert "2024-01-01T12:00:00Z" == contact["person"]["observed_at"]
    orders = beside(f"{VENDORS}/markethype/orders_import_request.json").read_bytes()
    [[_, sale]] = read("markethype", orders, {"orders": "sales"})
    [line] = sale["sale"]["transaction"]["lines"]
    assert ("5501234", "90112233", 45_000) == (
        sale["sale"]["transaction"]["transaction"],
        line["line"],
        line["amount_minor"],
    )


ROWS = [
    b"\xff\xfe" * 9,
    b"a,b\n" + b'"' * 200_000,
    b"a,a\n1,2\n",
    b"a,\n1,2\n",
    b"a\n" + b"x" * 200_000 + b"\n",
    b"\0,\0\n\0,\0\n",
    b"[" * 5000,
    b'{"segment": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"segment": "\\u0000", "tagged_at": "2026-01-01", "customer_id": 1}',
    b"",
    b"\n\n",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("body", ROWS)
def test_hostile_input_is_refused_and_never_a_person(source: str, body: bytes) -> None:
    try:
        found = read(source, body)
    except Rejected:
        return
    assert all("rejected" in o or "ignored" in o for one in found for o in one)


def test_a_row_of_other_cells_than_columns_loses_only_itself() -> None:
    found = cells.split(b"customer_id,segment\n1,Essence,x\n2\n3,Release\n")
    assert [
        {"row": ["1", "Essence", "x"]},
        {"row": ["2"]},
        {"customer_id": "3", "segment": "Release"},
    ] == [json.loads(one) for one in found]


SECRET = "Kari Nordmann"
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([SECRET, "1", "0.5", "2026-05-17", "Essence", 10**30, 1e300, "\0", "nei"]),
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(), c, max_size=3),
    max_leaves=5,
)


#: What might stand there all the same.
LIKELY = st.sampled_from(
    [None, "", "1", "x", "2026-05-17", "Essence", "REL", "golden questions", "0.5", 1, True]
)


def parts(value: Any) -> list[Any]:
    """Return every object and list in *value*, itself included."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return []
    return [value, *(part for one in inner for part in parts(one))]


def mutated(source: str, data: st.DataObject, value: object) -> bytes:
    """Return a record of a fixture with one of its fields replaced by *value*."""
    cases = [c for c in CASES if c.parent.name == source and c.stem != "rejected"]
    records = [one for case in cases for one in SOURCES[source].split(case.read_bytes())]
    record = json.loads(data.draw(st.sampled_from(records)))
    part = data.draw(st.sampled_from([part for part in parts(record) if part]))
    place = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else [0]))
    part[place] = value
    return json.dumps(record).encode()


def outcome(adapter: Adapter, record: bytes, whose: Origin) -> tuple[Parsed, str]:
    """Return what *record* holds, or nothing and why it is rejected."""
    try:
        return adapter.parse(record, whose), ""
    except Rejected as error:
        return (), str(error)


def mutate(source: str, cases: int, state: State) -> None:
    """Try *cases* records and say how many were taken; none may break, none be quoted."""
    taken = []
    adapter: Adapter = SOURCES[source]
    whose = origin(source, own={"orders": "sales"})

    @settings(max_examples=cases, deadline=None, database=None)
    @given(data=st.data(), value=LIKELY | ANY)
    def one(data: st.DataObject, value: object) -> None:
        parsed, why = outcome(adapter, mutated(source, data, value), whose)
        assert not any(word in why for word in SECRET.split())
        taken.append(not why)
        for person in (p for p in parsed if isinstance(p, Person)):
            assert person == msgspec.json.decode(msgspec.json.encode(person), type=Person)
            assert person.stated is None or 0 <= person.stated.confidence <= 1

    one()
    state(source, taken)
    assert 0.08 < sum(taken) / len(taken) < 0.99


@pytest.mark.parametrize("source", SOURCES)
def test_a_changed_field_is_rejected_or_valid(source: str, state: State) -> None:
    mutate(source, 300, state)


@pytest.mark.long
@pytest.mark.parametrize("source", SOURCES)
def test_many_changed_fields_are_rejected_or_valid(source: str, state: State) -> None:
    mutate(source, 3_000, state)
