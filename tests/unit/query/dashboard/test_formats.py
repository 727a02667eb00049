"""Numbers, money and dates in both languages."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.query.dashboard import formats
from services.query.dashboard.formats import LANGUAGES, MINUS, SPACE, Language

languages = st.sampled_from(LANGUAGES)
days = st.dates(date(1970, 1, 1), date(2105, 12, 31))


def read(text: str, language: Language) -> Decimal:
    """Read a written number back."""
    plain = text.replace(MINUS, "-").replace(SPACE, "" if language == "nb" else "?")
    if language == "nb":
        return Decimal(plain.replace(",", "."))
    return Decimal(plain.replace(",", ""))


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("1\u00a0234\u00a0567", formats.number(1234567, "nb")),
        ("1,234,567", formats.number(1234567, "en")),
        ("12,5\u00a0%", formats.percent(0.125, "nb")),
        ("12.5%", formats.percent(0.125, "en")),
        ("12\u00a0%", formats.percent(0.12, "nb")),
        ("100\u00a0%", formats.percent(1, "nb")),
        ("kr\u00a0350", formats.money(35000, "NOK", "nb")),
        ("NOK\u00a0350", formats.money(35000, "NOK", "en")),
        ("kr\u00a0350,50", formats.money(35050, "NOK", "nb", exact=True)),
        ("kr\u00a0350", formats.money(35000, "NOK", "nb", exact=True)),
        ("EUR\u00a032", formats.money(3200, "EUR", "nb")),
        ("JPY\u00a03,200", formats.money(3200, "JPY", "en")),
        ("\u2212kr\u00a01\u00a0200", formats.money(-120000, "NOK", "nb")),
        ("kr\u00a00", formats.money(-40, "NOK", "nb")),
        ("17.\u00a0mai\u00a02026", formats.day(date(2026, 5, 17), "nb")),
        ("17\u00a0May\u00a02026", formats.day(date(2026, 5, 17), "en")),
        ("1.\u201320.\u00a0mai\u00a02026", formats.days(date(2026, 5, 1), date(2026, 5, 20), "nb")),
        (
            "28.\u00a0april \u2013 4.\u00a0mai\u00a02026",
            formats.days(date(2026, 4, 28), date(2026, 5, 4), "nb"),
        ),
        (
            "30\u00a0December\u00a02025 \u2013 2\u00a0January\u00a02026",
            formats.days(date(2025, 12, 30), date(2026, 1, 2), "en"),
        ),
        ("søndag", formats.weekday(date(2026, 5, 17), "nb")),
        ("18:05", formats.clock(18 * 60 + 5)),
    ],
)
def test_writes_as_the_language_does(expected: str, actual: str) -> None:
    assert expected == actual


@given(st.integers(-(10**15), 10**15), languages)
def test_a_whole_number_reads_back(value: int, language: Language) -> None:
    assert value == read(formats.number(value, language), language)


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 3), languages)
def test_a_fraction_is_off_by_half_a_step_at_most(
    value: Decimal, decimals: int, language: Language
) -> None:
    written = read(formats.number(value, language, decimals), language)
    assert abs(written - value) * 2 <= Decimal(1).scaleb(-decimals)


@given(st.integers(-(10**12), 10**12), st.sampled_from(("NOK", "EUR", "JPY", "KWD")), languages)
def test_exact_money_reads_back_to_the_minor_unit(
    minor: int, currency: str, language: Language
) -> None:
    written = formats.money(minor, currency, language, exact=True)
    name = formats.currency_name(currency, language)
    assert written.count(name + SPACE) == 1
    value = read(written.replace(name + SPACE, ""), language)
    assert formats.major(minor, currency) == value


@given(st.integers(-(10**6), 10**6), languages)
def test_nothing_is_written_as_less_than_nothing(minor: int, language: Language) -> None:
    written = formats.money(minor, "NOK", language)
    assert not (written.startswith(MINUS) and not any(c in written for c in "123456789"))


@given(days, st.integers(0, 800), languages)
def test_a_stretch_of_days_names_both_ends(begins: date, more: int, language: Language) -> None:
    ends = min(begins + timedelta(days=more), date(2105, 12, 31))
    written = formats.days(begins, ends, language)
    assert written.endswith(formats.day(ends, language))
    assert written.startswith(str(begins.day))
