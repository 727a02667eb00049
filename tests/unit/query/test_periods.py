"""What a period's id means, which are refused, and what each is compared with."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.query.periods import (
    FIRST,
    FORMS,
    LAST,
    MOST_DAYS,
    WINDOWS,
    last_year,
    parse,
    previous,
)
from services.query.problems import Refused
from services.query.question import Period

_DAYS = st.dates(FIRST, LAST)


def named(day: date, window: int, more: int) -> list[str]:
    """Return the id of a period of each kind that *day* is in."""
    year, week, _ = day.isocalendar()
    return [
        str(day),
        f"{year:04d}-W{week:02d}",
        f"{day:%Y-%m}",
        f"{day.year}-Q{(day.month + 2) // 3}",
        f"{day.year}",
        f"season-{day.year if day.month >= 8 else day.year - 1}",
        f"rolling-{window}@{day}",
        f"{day}..{min(day + timedelta(more), LAST)}",
    ]


_IDS = st.builds(named, _DAYS, st.sampled_from(WINDOWS), st.integers(0, MOST_DAYS - 1)).flatmap(
    st.sampled_from
)


def periods(text: str) -> Period | None:
    try:
        return parse(text)
    except Refused:
        return None


@pytest.mark.parametrize(
    ("text", "kind", "begins", "ends"),
    [
        ("2026-05-17", "day", date(2026, 5, 17), date(2026, 5, 17)),
        ("2026-W20", "week", date(2026, 5, 11), date(2026, 5, 17)),
        ("2020-W53", "week", date(2020, 12, 28), date(2021, 1, 3)),
        ("2026-W01", "week", date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-05", "month", date(2026, 5, 1), date(2026, 5, 31)),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q2", "quarter", date(2026, 4, 1), date(2026, 6, 30)),
        ("2026-Q4", "quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", "year", date(2026, 1, 1), date(2026, 12, 31)),
        ("season-2025", "season", date(2025, 8, 1), date(2026, 7, 31)),
        ("rolling-7@2026-05-17", "rolling", date(2026, 5, 11), date(2026, 5, 17)),
        ("rolling-28@2026-05-17", "rolling", date(2026, 4, 20), date(2026, 5, 17)),
        ("rolling-90@2026-03-31", "rolling", date(2026, 1, 1), date(2026, 3, 31)),
        ("rolling-365@2026-12-31", "rolling", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-05-01..2026-05-20", "range", date(2026, 5, 1), date(2026, 5, 20)),
        ("2006-01-01..2025-12-31", "range", date(2006, 1, 1), date(2025, 12, 31)),
    ],
)
def test_every_kind_is_understood(text: str, kind: str, begins: date, ends: date) -> None:
    found = parse(text)
    assert (text, kind, begins, ends) == (found.id, found.kind, found.begins, found.ends)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "2026-5", "26", "2026-13", "2026-00", "2026-02-29", "2026-W00", "2025-W53"),
        *("2026-Q0", "2026-Q5", "2026-q1", "20260517", "2026-W20-1", "season-26", "rolling-14@"),
        *("rolling-14@2026-05-17", "rolling-28@2026-02-30", "rolling-028@2026-05-17", "season-"),
        *("2026-05-20..2026-05-01", "2026-05-01..", "..2026-05-01", "2026..2027", "0000", "9999"),
        *(
            "2026-05-01..2026-05-02..2026-05-03",
            " 2026",
            "2026\n",
            "\u0662\u0660\u0662\u0666",
            "\uff12\uff10\uff12\uff16",
            "2026-05-17 ",
        ),
        *("1969", "1969-12-31", "2106", "season-2105", "season-1969", "rolling-7@1970-01-06"),
        *("2005-01-01..2025-12-31", "0001-01-01..9999-12-31", "2026-05-17T00:00:00"),
    ],
)
def test_what_is_no_period_is_refused_with_how_they_are_written(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert 400 == refused.value.status
    assert {"periods": list(FORMS.values())} == refused.value.may
    if text.strip():
        assert text not in refused.value.detail


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-?[WQ0-9.@-]{0,30}"))
def test_whatever_is_asked_is_a_period_or_refused(text: str) -> None:
    found = periods(text)
    if found is not None:
        assert FIRST <= found.begins <= found.ends <= LAST
        assert (found.ends - found.begins).days < MOST_DAYS


@given(_IDS)
def test_a_period_is_compared_with_the_one_just_before(text: str) -> None:
    period = periods(text)
    before = None if period is None else previous(period)
    if period is None or before is None:
        return
    assert before.kind == period.kind
    assert before == parse(before.id)
    assert period.begins == before.ends + timedelta(days=1)
    if period.kind in {"rolling", "range", "week", "day"}:
        assert period.ends - period.begins == before.ends - before.begins


@given(_IDS)
def test_a_period_is_compared_with_the_same_one_a_year_before(text: str) -> None:
    period = periods(text)
    before = None if period is None else last_year(period)
    if period is None or before is None:
        return
    assert before.kind == period.kind
    assert before == parse(before.id)
    assert 350 <= (period.begins - before.begins).days <= 380
    if period.kind in {"day", "month", "quarter", "season"}:
        assert before.begins.month == period.begins.month


@pytest.mark.parametrize(
    ("text", "before", "year"),
    [
        ("2026-03-01", "2026-02-28", "2025-03-01"),
        ("2024-02-29", "2024-02-28", "2023-02-28"),
        ("2026-W01", "2025-W52", "2025-W01"),
        ("2021-W01", "2020-W53", "2020-W01"),
        ("2020-W53", "2020-W52", "2019-W52"),
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026", "2025", "2025"),
        ("season-2025", "season-2024", "season-2024"),
        ("rolling-28@2026-05-17", "rolling-28@2026-04-19", "rolling-28@2025-05-17"),
        ("2024-02-01..2024-02-29", "2024-01-03..2024-01-31", "2023-02-01..2023-02-28"),
        ("1970-01-01", None, None),
        ("1970", None, None),
    ],
)
def test_what_each_kind_is_compared_with(text: str, before: str | None, year: str | None) -> None:
    found = previous(parse(text)), last_year(parse(text))
    assert (before, year) == tuple(p and p.id for p in found)
