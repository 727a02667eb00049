"""How a person moves among periods, and what each is held against."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.query.dashboard import spans
from services.query.periods import parse
from services.query.problems import Refused

TODAY = date(2026, 5, 19)
some_days = st.dates(date(1975, 1, 1), date(2100, 12, 31))


@given(st.sampled_from(spans.CHOICES), some_days)
def test_a_period_holds_its_day(choice: str, day: date) -> None:
    found = spans.containing(choice, day)
    assert found.begins <= day <= found.ends
    assert parse(found.id) == found


@given(st.sampled_from(spans.CHOICES), some_days)
def test_the_next_begins_where_one_ends_and_the_way_back_leads_back(choice: str, day: date) -> None:
    found = spans.containing(choice, day)
    after = spans.moved(found, 1)
    assert after is not None
    assert after.begins == found.ends + timedelta(days=1)
    assert found == spans.moved(after, -1)


@pytest.mark.parametrize(
    ("period", "previous", "last_year"),
    [
        # finished: as they are
        ("2026-04", "2026-03", "2025-04"),
        ("2026-W20", "2026-W19", "2025-W20"),
        ("2026-05-17", "2026-05-16", "2025-05-18"),  # a Sunday and a Sunday
        ("rolling-28@2026-05-17", "rolling-28@2026-04-19", "rolling-28@2025-05-18"),
        ("2026-05-01..2026-05-10", "2026-04-21..2026-04-30", "2025-05-01..2025-05-10"),
        ("2025", None, "2024"),
        ("season-2024", None, "season-2023"),
        # unfinished: as many days as there have been
        ("2026-05", "2026-04-01..2026-04-19", "2025-05-01..2025-05-19"),
        ("2026-Q2", "2026-01-01..2026-02-18", "2025-04-01..2025-05-19"),
        ("2026", None, "2025-01-01..2025-05-19"),
        # to come: nothing
        ("2026-06", None, None),
    ],
)
def test_is_held_against_what_compares(
    period: str, previous: str | None, last_year: str | None
) -> None:
    held = spans.against(parse(period), TODAY)
    assert (previous, last_year) == tuple(p and p.id for p in (held.previous, held.last_year))


@given(st.sampled_from(spans.CHOICES), some_days, st.integers(0, 400))
def test_an_unfinished_period_is_never_held_against_more_days(
    choice: str, day: date, more: int
) -> None:
    period = spans.containing(choice, day)
    today = min(period.begins + timedelta(days=more), period.ends)
    held = spans.against(period, today)
    for earlier in (held.previous, held.last_year):
        if earlier is not None and today < period.ends:
            assert earlier.ends - earlier.begins <= today - period.begins
            assert earlier.ends < period.begins


def test_days_that_are_none_are_refused() -> None:
    with pytest.raises(Refused):
        spans.between(date(2026, 5, 2), date(2026, 5, 1))
