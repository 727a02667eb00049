"""Age is that of the day of purchase, as much as a birth month or year can tell."""

from datetime import MAXYEAR, UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kudos.register import OSLO
from services.enrich.age import BANDS, UNKNOWN, age_band, years


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


@pytest.mark.parametrize(
    ("birth", "sold", "expected"),
    [
        # as if born on the first of the month
        ("2010-05", "2026-04-30T23:59", "0-15"),
        ("2010-05", "2026-05-01T00:00", "16-24"),
        # a year alone on 1 July
        ("2010", "2026-06-30T23:59", "0-15"),
        ("2010", "2026-07-01T00:00", "16-24"),
        # the day of purchase is Oslo's, in summer and in winter time
        ("1991-02", "2026-02-01T00:30", "35-44"),
        ("1991-08", "2026-08-01T01:30", "35-44"),
        # age is not today's: this sale is old
        ("1980-01", "1997-06-01T12:00", "16-24"),
        ("2026-05", "2026-05-17T12:00", "0-15"),
        ("1951-06", "2026-05-31T12:00", "65-74"),
        ("1951-06", "2026-06-01T12:00", "75+"),
        ("1906-05", "2026-05-01T12:00", "75+"),
        # a mistyped year, or one after the purchase
        ("1905-05", "2026-05-01T12:00", UNKNOWN),
        ("2026-06", "2026-05-17T12:00", UNKNOWN),
        ("2027", "2026-05-17T12:00", UNKNOWN),
        (None, "2026-05-17T12:00", UNKNOWN),
        ("", "2026-05-17T12:00", UNKNOWN),
        ("1980-", "2026-07-17T12:00", "45-54"),
        ("aldri", "2026-05-17T12:00", UNKNOWN),
        ("1980-01-02", "2026-05-17T12:00", UNKNOWN),
    ],
)
def test_the_band_is_of_the_day_of_purchase(birth: str | None, sold: str, expected: str) -> None:
    assert expected == age_band(birth, on(sold))


def test_bands_are_those_of_the_definitions_and_leave_no_gap() -> None:
    names = ["0-15", "16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]
    assert names == [name for _, name in reversed(BANDS)]
    for first, name in BANDS:
        sold = on("2026-05-17T12:00")
        assert name == age_band(f"{2026 - first}-05", sold)
        if last := name.partition("-")[2]:
            assert name == age_band(f"{2026 - int(last)}-05", sold)


@given(st.dates(date(1900, 1, 1)), st.integers(0, 120), st.integers(0, 364))
def test_agrees_with_counting_birthdays(born: date, age: int, more: int) -> None:
    born = born.replace(day=1)
    if born.year + age + 1 < MAXYEAR:
        day = born.replace(year=born.year + age) + timedelta(days=more)
        assert age == years(f"{born:%Y-%m}", day)


@given(
    st.none() | st.text(max_size=10) | st.from_regex(r"\A[0-9]{4}(-[0-9]{2})?\Z"),
    st.datetimes(timezones=st.just(UTC)),
)
def test_never_fails_and_never_guesses(birth: str | None, sold_at: datetime) -> None:
    assert age_band(birth, sold_at) in {name for _, name in BANDS} | {UNKNOWN}


def test_the_last_moment_there_is_has_an_answer() -> None:
    assert UNKNOWN == age_band("1980-01", datetime.max.replace(tzinfo=UTC))
