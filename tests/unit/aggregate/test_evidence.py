"""What stands of evidence, and whose figures it may change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos.records import Evidence, Link, Place
from services.aggregate.evidence import (
    News,
    Other,
    Standing,
    Statement,
    Taken,
    news,
    overtaking,
    statement_of,
    version_of,
)
from services.aggregate.links import joined_or_parted, row_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
REF = "c" * 16 + "d" * 16
PLACES = {"5003": Place("46", "4601", "2")}


def said(value: str, days: int = 0, attribute: str = "gender", position: int = 50) -> Statement:
    """Return what a source says, some days after the first."""
    at = AT + timedelta(days=days)
    one = Evidence(REF, "house", attribute, value, "homemade", "declared", 1.0, at)  # type: ignore[arg-type]  # an attribute
    return statement_of(one, position, PLACES)


def stands(one: Statement) -> Standing:
    """Return it as it stands."""
    return Standing(one.value, one.version, one.position)


@given(
    *[st.tuples(st.integers(0, 1 << 52), st.integers(0, 1023), st.text("abz-019", max_size=8))] * 2
)
def test_the_newer_then_the_surer_then_the_greater_value_stands(
    one: tuple[int, int, str], other: tuple[int, int, str]
) -> None:
    versions = [version_of(at, sure / 1023, value) for at, sure, value in (one, other)]
    assert (one < other) == (versions[0] < versions[1])
    assert all(0 <= version < 1 << 128 for version in versions)


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_any_time_can_be_kept(at: datetime) -> None:
    one = statement_of(Evidence(REF, "h", "gender", "male", "s", "inferred", 2.0, at), 1, {})
    assert 0 <= one.observed_at < 10_413_792_000_000_000  # ClickHouse's DateTime64: until 2299
    assert one.version < 1 << 128


@pytest.mark.parametrize(
    ("attribute", "value", "county"),
    [("postal_code", "NO-5003", "46"), ("postal_code", "SE-5003", ""), ("gender", "NO-5003", "")],
)
def test_a_norwegian_postal_code_has_a_place(attribute: str, value: str, county: str) -> None:
    assert county == said(value, attribute=attribute).county


@pytest.mark.parametrize(
    ("before", "taken", "written", "certain", "perhaps"),
    [
        # never heard before
        (None, [said("male")], 1, True, False),
        # the same again: it only goes up
        (said("male", position=1), [said("male", 1)], 1, False, True),
        # something else
        (said("male", position=1), [said("female", 1)], 1, True, False),
        # something older, and what is known: nothing
        (said("male", 1, position=1), [said("female", 0)], 0, False, False),
        (said("male", position=1), [said("male")], 0, False, False),
        # written by one who was killed, this one or one behind it
        (said("male", position=50), [said("male")], 0, True, False),
        (said("male", 1, position=60), [said("male")], 0, True, False),
        # only the newest of a batch counts
        (said("male", position=1), [said("female", 1), said("male", 2)], 1, False, True),
    ],
)
def test_what_may_change_figures(
    before: Statement | None, taken: list[Statement], written: int, *, certain: bool, perhaps: bool
) -> None:
    known = {} if before is None else {before.key: stands(before)}
    found = news([Taken(one, 50) for one in taken], known)
    assert (written, certain, perhaps) == (
        len(found.rows),
        found.certain == {int(REF, 16)},
        bool(found.perhaps),
    )


@pytest.mark.parametrize(
    ("other", "changes"),
    [
        (Other("gender", "declared", "female", said("x", 1).version), True),
        # it says the same, is older than both, newer than both, of another kind or attribute
        (Other("gender", "declared", "male", said("x", 1).version), False),
        (Other("gender", "declared", "female", said("x", -1).version), False),
        (Other("gender", "declared", "female", said("x", 3).version), False),
        (Other("gender", "inferred", "female", said("x", 1).version), False),
        (Other("birth", "declared", "female", said("x", 1).version), False),
    ],
)
def test_what_is_said_again_matters_where_it_overtakes(other: Other, *, changes: bool) -> None:
    ref = int(REF, 16)
    old, new = stands(said("male", 0)), said("male", 2)
    assert changes == bool(overtaking([(old, new)], {7: [other]}, {ref: 7}))


def test_nothing_is_no_news() -> None:
    assert News((), frozenset(), ()) == news([], {})


def test_a_link_that_says_what_was_so_without_it_concerns_nobody() -> None:
    me, other = REF[:16], "a" * 16
    assert set() == joined_or_parted([Link("house", REF, me, me, None, None)])
    for link, concerned in (
        (Link("house", REF, other, me, None, None), {other, me}),
        (Link("house", REF, other, other, me, me), {other, me}),
        (Link("house", REF, me, me, other, me), {other, me}),
        (Link("house", REF, me, me, me, other), {me}),
    ):
        assert {int(name, 16) for name in concerned} == joined_or_parted([link])
    assert (int(REF, 16), "house", int(me, 16), int(me, 16), 4) == row_of(
        Link("house", REF, me, me, None, None), 4
    )
