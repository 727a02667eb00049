"""The published JSON Schema and the reader take the same, but for what no schema can say."""

import json
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kudos.cli import standard
from kudos.errors import Rejected
from services.ingest.adapters import homemade
from tests.support.origin import origin

FIXTURES = Path(__file__).parent / "fixtures" / "homemade"
ORIGIN = origin("homemade")
#: What the reader asks beyond the schema.
BEYOND = (
    "expected a day of the calendar",
    "no day",
    "finer than",
    "beyond what an amount may be",
    "more than the amount",
    "a line stands twice",
    "0 to 100 per cent",
)
takes = fastjsonschema.compile(homemade.SCHEMA)
TEXT = st.none() | st.sampled_from(["", "Åse", "a\0b", "x" * 1001, "x" * 201, "x" * 200, 7])
AMOUNT = st.none() | st.sampled_from(
    ["10.00", "0", 12, 1.5, -1, "-1", "1e3", "1,5", " 1", "", "NaN", True, [], 1e15, "9" * 16]
)
TIME = st.none() | st.sampled_from(
    [
        "2026-05-17T18:03:11+02:00",
        "2026-05-17T18:03:11.123456Z",
        "2026-05-17 18:03",
        "2026-05-17",
        "2026-02-30",
        "2026-13-01",
        "2026-05-17T25:00:00Z",
        "2026-05-17T18:03:11+0200",
        "20260517",
        "2026-W20-1",
        "1969-12-31",
        "2101-01-01",
        "2100-12-31",
        "",
        1_778_000_000,
    ]
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


PERFORMANCE = some(id=TEXT, starts_at=TIME, production=TEXT, venue=TEXT, genre=TEXT)
CUSTOMER = some(
    number=TEXT,
    family_name=TEXT,
    email=TEXT,
    country=st.sampled_from(["NO", "no", "", "NOR", None]),
    birth_date=st.sampled_from(["1980-01-02", "1980-02", "1980", "1980-02-30", "80", "", None]),
    gender=st.sampled_from(["female", "", "woman", None]),
    consents=st.none() | some(statistics=st.sampled_from([True, None, "yes"])),
)
LINE = st.fixed_dictionaries(
    {
        "line": st.sampled_from(["1", "2", "", 3]),
        "kind": st.sampled_from(["sale", "refund", "gift"]),
        "quantity": st.sampled_from([1, 0, 2, -1, 1 << 32, "1", None]),
    },
    optional={
        "unit_price": AMOUNT,
        "amount": AMOUNT,
        "discount": AMOUNT,
        "fee": AMOUNT,
        "vat_rate": AMOUNT,
        "item": st.sampled_from(["ticket", "biljett", None]),
        "ticket_type": TEXT,
        "at": TIME,
        "performance": st.none() | PERFORMANCE,
        "unknown": st.just([1]),
    },
)
WHOLE = st.fixed_dictionaries(
    {
        "transaction": st.sampled_from(["1", "", 1, "x" * 200, "a\0"]),
        "version": st.sampled_from([0, 3, -1, 1 << 63, (1 << 63) - 1, "3"]),
        "sold_at": TIME,
        "lines": st.lists(LINE, max_size=2),
    },
    optional={
        "order": st.sampled_from(["1", "", None]),
        "channel": st.sampled_from(["web", "shop", None]),
        "currency": st.sampled_from(["NOK", "JPY", "kr", None]),
        "customer": st.none() | CUSTOMER,
    },
)
GOOD = {
    "transaction": "1",
    "version": 1,
    "sold_at": "2026-05-17",
    "customer": {},
    "lines": [{"line": "1", "kind": "sale", "quantity": 1, "unit_price": "10"}],
}


def refused(sent: object) -> str | None:
    """Return why the reader refuses *sent*; None: it takes it."""
    try:
        homemade.parse(json.dumps(sent).encode(), ORIGIN)
    except Rejected as error:
        return str(error)
    return None


def fits(sent: object) -> bool:
    try:
        takes(sent)
    except fastjsonschema.JsonSchemaException:
        return False
    return True


def agree(sent: object) -> None:
    why = refused(sent)
    if why is None:
        assert fits(sent)
    elif fits(sent):
        assert any(words in why for words in BEYOND), why


@settings(max_examples=400, deadline=None)
@given(WHOLE)
def test_the_schema_and_the_reader_agree(sent: dict[str, Any]) -> None:
    agree(sent)


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_they_agree_on_one_odd_field_in_a_good_transaction(data: st.DataObject) -> None:
    sent: dict[str, Any] = json.loads(json.dumps(GOOD))
    line, customer = sent["lines"][0], sent["customer"]
    part, fields = data.draw(st.sampled_from([(sent, WHOLE), (line, LINE), (customer, CUSTOMER)]))
    drawn = data.draw(fields)
    name = data.draw(st.sampled_from(sorted(drawn) or [""]))
    if name:
        part[name] = drawn[name]
    agree(sent)


@pytest.mark.parametrize("case", sorted(p for p in FIXTURES.glob("*.json") if "exp" not in p.name))
def test_they_agree_on_the_fixtures(case: Path) -> None:
    for record in homemade.ADAPTER.split(case.read_bytes()):
        agree(json.loads(record))


def test_only_four_fields_and_a_lines_own_are_needed() -> None:
    assert refused(GOOD) is None
    for name in ("transaction", "version", "sold_at", "lines"):
        assert f"$.{name}" in str(refused({k: v for k, v in GOOD.items() if k != name}))
        assert f"$.{name}" in str(refused(GOOD | {name: None}))
        assert not fits(GOOD | {name: None})
    nothing = dict.fromkeys(("order", "channel", "currency", "customer"))
    assert refused(GOOD | nothing) is None
    assert fits(GOOD | nothing)


def test_the_schema_names_itself() -> None:
    assert "https://json-schema.org/draft/2020-12/schema" == homemade.SCHEMA["$schema"]
    assert {"transaction", "version", "sold_at", "lines"} == set(
        homemade.SCHEMA["$defs"]["Transaction"]["required"]
    )


def check(path: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(standard.command, ["check", str(path), *more])
    return result.exit_code, result.output


def test_check_tells_what_is_wrong_and_quotes_nothing(tmp_path: Path) -> None:
    bad = GOOD | {"customer": {"gender": "Kari Nordmann"}}
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (GOOD, bad, {})), "utf-8")
    status, printed = check(file)
    assert 1 == status
    assert [
        "line 2: record 2: invalid_field: $.customer.gender",
        "line 3: record 3: invalid_field: $.transaction: missing",
        "3 records, 2 wrong",
    ] == printed.splitlines()
    status, printed = check(file, "--json")
    assert (1, 2) == (status, json.loads(printed)["problems"][0]["record"])
    assert "Kari" not in printed


def test_check_tells_on_which_line_what_is_wrong_begins(tmp_path: Path) -> None:
    """Also where records take several lines, are alike, torn, or have blank lines among them."""
    file, good = tmp_path / "sent.json", json.dumps(GOOD, indent=1)
    lasts = good.count("\n") + 1
    torn = '{"transaction": "T-1",,}'
    late = json.dumps(GOOD | {"lines": [{"quantity": -1}]})
    file.write_text(f"\ufeff\n[\n{good},\n\n{{}}, {{}},\n{torn},\n{good},{late}\n]", "utf-8")
    status, printed = check(file)
    assert 1 == status
    begun = lasts + 4  # behind two lines, the good one and a blank
    assert [
        f"line {begun}: record 2: invalid_field: $.transaction: missing",
        f"line {begun}: record 3: invalid_field: $.transaction: missing",
    ] == printed.splitlines()[:2]
    assert [
        [f"line {begun + 1}", "record 4", "unreadable"],
        [f"line {begun + 1 + lasts}", "record 6", "invalid_field"],
    ] == [line.split(": ")[:3] for line in printed.splitlines()[2:-1]]
    assert "$.lines[0].quantity" in printed.splitlines()[3]
    assert "6 records, 4 wrong" == printed.splitlines()[-1]


def test_check_is_content_with_what_is_right(tmp_path: Path) -> None:
    file = tmp_path / "sent.json"
    file.write_text(json.dumps([GOOD, GOOD]), "utf-8")
    assert (0, "2 records, 0 wrong\n") == check(file)
    half = GOOD | {"lines": [GOOD["lines"][0] | {"unit_price": "10.5"}]}  # type: ignore[index]
    file.write_text(json.dumps(half), "utf-8")
    assert 0 == check(file)[0]
    assert 1 == check(file, "--currency", "JPY")[0]
    file.write_bytes(b"<orders/>")
    assert (1, "line 1: file: unreadable") == (check(file)[0], check(file)[1][:24])
