"""What the sentences say."""

from datetime import date

import pytest

from services.query.answer import Cell
from services.query.dashboard import saying, spans
from services.query.dashboard.saying import Change
from services.query.dashboard.wording import texts
from services.query.periods import parse

NB, EN = texts("nb"), texts("en")
TODAY = date(2026, 5, 19)


def cell(value: float | None) -> Cell:
    """Return a cell of *value*."""
    return Cell({}, value)


@pytest.mark.parametrize(
    ("expected", "unit", "now", "before"),
    [
        (Change("relative", 0.25), "tickets", 125, 100),
        (Change("relative", -1.0), "tickets", 0, 100),
        (Change("relative", 0.0), "tickets", 0, 0),
        (Change("points", 0.25), "share", 0.75, 0.5),
        (Change("none"), "tickets", 5, 0),
        (Change("none"), "minor_units", 5, -10),
        (Change("none"), "tickets", None, 10),
        (Change("none"), "share", 0.5, None),
    ],
)
def test_a_change_is_of_what_was(
    expected: Change, unit: str, now: float | None, before: float | None
) -> None:
    assert expected == saying.change(unit, cell(now), cell(before))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("12\u00a0% flere billetter enn i fjor", Change("relative", 0.12)),
        ("3,4\u00a0% færre billetter enn i fjor", Change("relative", -0.034)),
        ("Omtrent like mange billetter som i fjor", Change("relative", 0.004)),
        ("Ingenting fra i fjor å sammenligne med", Change("none")),
    ],
)
def test_a_trend_is_a_sentence(expected: str, found: Change) -> None:
    assert expected == saying.trend(NB, "tickets", found, "i fjor")


def test_shares_differ_by_points() -> None:
    found = Change("points", 0.021)
    assert "+2,1 prosentpoeng" == saying.difference(NB, found)
    expected = "2.1 percentage points higher coverage than last year"
    assert expected == saying.trend(EN, "coverage", found, "last year")


def test_what_has_no_words_of_its_own_still_has_a_sentence() -> None:
    assert "12% higher than last year" == saying.trend(
        EN, "no_such", Change("relative", 0.12), "last year"
    )


@pytest.mark.parametrize(
    ("expected", "by"),
    [("uendret", 0.0004), ("+0,4\u00a0%", 0.004), ("\u221287\u00a0%", -0.87), ("+200\u00a0%", 2.0)],
)
def test_a_change_is_written_as_fine_as_it_is_small(expected: str, by: float) -> None:
    assert expected == saying.difference(NB, Change("relative", by))


def test_what_is_not_defined_is_no_zero_and_says_why() -> None:
    found = Cell({}, None, why="undefined")
    assert ":" == saying.value(NB, "share", found)
    expected = "Ikke definert: det er ingenting å dele på i perioden"
    assert expected == saying.why(NB, found)


@pytest.mark.parametrize(
    ("period", "nb", "en"),
    [
        ("2026-05-17", "Søndag 17.\u00a0mai\u00a02026", "Sunday 17\u00a0May\u00a02026"),
        ("2026-W01", "Uke 1, 2026", "Week 1, 2026"),
        ("2026-05", "Mai 2026", "May 2026"),
        ("2026-Q2", "2. kvartal 2026", "Q2 2026"),
        ("2026", "2026", "2026"),
        ("season-2025", "Sesongen 2025/26", "The 2025/26 season"),
        ("rolling-28@2026-05-17", "28 dager til 17.\u00a0mai\u00a02026", None),
        ("2026-05-01..2026-05-20", "1.\u201320.\u00a0mai\u00a02026", None),
    ],
)
def test_every_kind_of_period_has_a_name(period: str, nb: str, en: str | None) -> None:
    found = parse(period)
    assert nb == saying.period(NB, found)
    if en is not None:
        assert en == saying.period(EN, found)


def test_last_year_is_named_only_when_it_was() -> None:
    for text, expected in (
        ("2026-05", "i fjor"),
        ("2024-05", "året før"),
        ("season-2025", "sesongen før"),
    ):
        period = parse(text)
        _, last = saying.earlier(NB, period, spans.against(period, TODAY), TODAY)
        assert expected == last


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        ("akkurat nå", 0.4),
        ("for 1 sekund siden", 1.9),
        ("for 59 sekunder siden", 59),
        ("for 1 minutt siden", 119),
        ("for 3 timer siden", 3 * 3600 + 5),
        ("for 2 dager siden", 2 * 86400),
        ("ingenting er talt ennå", None),
    ],
)
def test_says_how_old_it_is(expected: str, seconds: float | None) -> None:
    assert expected == saying.ago(NB, seconds)
