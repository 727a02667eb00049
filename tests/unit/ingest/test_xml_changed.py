"""Real files with one element changed: rejected, or they fit every table with the same signs."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from kudos.errors import Rejected
from services.ingest.adapters import ADAPTERS
from tests.support.fitting import assert_same_signs, is_accepted
from tests.support.origin import origin
from tests.support.pairs import turning

FIXTURES = Path(__file__).parent / "fixtures"
XML = [vendor for vendor in ADAPTERS if (FIXTURES / vendor / "order.xml").is_file()]
SECRET = "Kari Nordmann"
#: What might stand in an element: odd, likely, or a person's name.
WORDS = st.sampled_from(
    [
        *("", "0", "1", "-1", "2", "NaN", "1e9999", "0.001", "-0.00", "240.00", "240,00", "1 234"),
        *("99999999999999999999", "2026-02-30", "9999-12-31", "02:30:00", "24:00:00", "C", "D"),
        *("true", "false", "perhaps", "\uff11", "&amp;", "|", "a@b", "x" * 1500, "1779110400000"),
        *("4", "5001", "6/1/2026 12:00:00 AM", "31.12.2026"),
    ]
) | st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30)


#: What of a body is a record, in any namespace: most changes are within one.
RECORDS = ("{*}cashtransaction", "{*}listWebOrders", "{*}CreditOrder", "{*}report")


@cache
def bodies(vendor: str) -> tuple[bytes, ...]:
    """Return the fixtures of *vendor* that are XML and right."""
    cases = sorted((FIXTURES / vendor).glob("*.xml"))
    return tuple(case.read_bytes() for case in cases if not case.stem.startswith("rejected"))


class Changed(NamedTuple):
    """A body before and after it was changed in one place, and the name of what was."""

    before: bytes
    after: bytes
    name: str | None  # None: it holds others


def changed(vendor: str, data: st.DataObject, word: str) -> Changed:
    """Return a fixture of which one text or attribute is *word*, or one element is gone."""
    before = data.draw(st.sampled_from(bodies(vendor)))
    root = etree.fromstring(before)
    inner = [one for name in RECORDS for part in root.iter(name) for one in part.iter()]
    of_all = data.draw(st.integers(0, 3)) == 0
    element = data.draw(st.sampled_from(list(root.iter()) if of_all or not inner else inner))
    how = data.draw(st.sampled_from(["text", "text", "text", "gone", "twice"]))
    parent = element.getparent()
    name = None if len(element) else etree.QName(element).localname
    if element.attrib and how == "text":
        element.set(data.draw(st.sampled_from(sorted(element.attrib))), word)
    elif how == "gone" and parent is not None:
        parent.remove(element)
    elif how == "twice" and parent is not None:
        parent.append(etree.fromstring(etree.tostring(element)))
    else:
        for child in element:
            element.remove(child)
        element.text = word
    return Changed(before, bytes(etree.tostring(root, encoding="utf-8")), name)


def assert_same_signs_of_all(vendor: str, changed: Changed) -> None:
    """Assert it of each record that is in both bodies, by its number."""
    known = ADAPTERS[vendor]
    before = {known.number(record): record for record in known.split(changed.before)}
    for record in known.split(changed.after):
        number = known.number(record)
        if number is not None and number in before:
            assert_same_signs(vendor, before[number], record)


def accepted(vendor: str, body: bytes) -> bool:
    """Tell whether all of *body* is accepted; what is of it must fit."""
    try:
        records = ADAPTERS[vendor].split(body)
    except Rejected:
        return False
    return all([is_accepted(vendor, record) for record in records])  # noqa: C419 (each is tried)


def mutate(vendor: str, cases: int) -> None:
    """Try *cases* bodies, and say how many were accepted: a share that is not near 0."""
    found = []

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(data=st.data(), word=WORDS)
    def one(data: st.DataObject, word: str) -> None:
        body = changed(vendor, data, word)
        found.append(accepted(vendor, body.after))
        if found[-1] and body.name not in {None, *turning(vendor)}:
            assert_same_signs_of_all(vendor, body)

    one()
    print(f"{vendor}: {sum(found)} of {len(found)} accepted")
    assert len(found) >= cases
    assert 0.2 < sum(found) / len(found) < 0.98


@pytest.mark.parametrize("vendor", XML)
def test_a_changed_element_is_rejected_or_fits(vendor: str) -> None:
    mutate(vendor, 300)


@pytest.mark.long
@pytest.mark.parametrize("vendor", XML)
def test_many_changed_elements_are_rejected_or_fit(vendor: str) -> None:
    mutate(vendor, 3_000)


def why(vendor: str, body: bytes) -> str:
    """Return why a record of *body* is rejected, if one is."""
    try:
        for record in ADAPTERS[vendor].split(body):
            ADAPTERS[vendor].parse(record, origin(vendor))
    except Rejected as error:
        return str(error)
    return ""


@pytest.mark.parametrize("vendor", XML)
@settings(max_examples=100, deadline=None, database=None)
@given(data=st.data())
def test_no_rejection_quotes_what_was_sent(vendor: str, data: st.DataObject) -> None:
    body = changed(vendor, data, SECRET).after
    for sent in (body, body[:-9], body.replace(b"Kari", b"Kari\xe6")):
        said = why(vendor, sent)
        assert "Kari" not in said
        assert "Nordmann" not in said
