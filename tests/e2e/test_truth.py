"""Every figure of every organisation is what another way of counting says, to the øre.

Thirty thousand simulated orders went in with repeats, older versions after newer ones, refunds and
corrections. The other way is DuckDB over what the simulation knows to be true, in
tests.support.oracle, which shares no code and no SQL with the product.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.query import figures
from services.query import periods as periods_of_query
from services.query.question import Question
from simulation.houses import HOUSES
from tests.support.oracle import BREAKDOWNS, MEASURES, MONEY, Oracle
from tests.support.season import Season

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

Values = dict[tuple[str | None, ...], int | float | None]
Asked = tuple[str, tuple[str, ...]]  # period, by

CURRENCIES = {house.id: house.currency for house in HOUSES}
#: Fewer would prove little of 30,000 orders.
#: Of how many questions one is asked over HTTP too (no divisor of the number of measures).
HTTP = 5
LEAST_CELLS = 40_000
LEAST_REPEATS = 1_000
LEAST_STALE = 200
_PAIRS = (("channel", "ticket_type"), ("production", "price_band"), ("lead_time", "weekday_hour"))


@pytest.fixture(scope="module")
def oracle(season: Season) -> Oracle:
    return Oracle(season.lines)


def periods(days: list[date]) -> dict[str, list[str]]:
    """Return periods of every kind that *days* reach into: busy ones, the last, and changeovers."""
    last, middle = days[-1], days[len(days) // 2]
    some = [middle, last]
    changeovers = [date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)]
    return {
        "day": [str(d) for d in (*some, *changeovers)],
        "week": [f"{d.isocalendar().year}-W{d.isocalendar().week:02d}" for d in some],
        "month": [f"{d:%Y-%m}" for d in some],
        "quarter": [f"{d.year}-Q{(d.month + 2) // 3}" for d in some],
        "year": [str(last.year), str(last.year - 1)],
        "season": [f"season-{last.year - 1}"],
        "rolling": [f"rolling-{window}@{last}" for window in (7, 28, 90, 365)],
        "range": [f"{middle - timedelta(days=11)}..{middle + timedelta(days=40)}"],
    }


def questions(days: list[date]) -> Iterator[Asked]:
    """Yield each period in all; of each kind the first by each breakdown; all days by pairs."""
    for many in periods(days).values():
        yield from ((period, ()) for period in many)
        yield from ((many[0], (by,)) for by in BREAKDOWNS)
    yield from ((f"{days[0]}..{days[-1]}", pair) for pair in _PAIRS)


def standing(cells: Values) -> Values:
    """Return *cells* without those that say that there is nothing."""
    return {where: value for where, value in cells.items() if value}


def told(cells: Iterable[Mapping[str, Any]], asked: Asked, measure: str) -> Values:
    """Return *cells* as the oracle has them."""
    found: Values = {}
    for cell in cells:
        where = (*(cell["by"][name] for name in asked[1]), cell.get("currency"))
        assert where not in found, (measure, asked, "a cell stands twice")
        assert (where[-1] is not None) == (measure in MONEY), (measure, asked, "currency")
        found[where] = cell["value"]
    return found


def over_http(season: Season, asked: Asked, of: tuple[str, str]) -> Values:
    """Return the cells that an organisation's token is answered."""
    period, by = asked
    return told(season.system.cells(*of, period, ",".join(by)), asked, of[1])


def computed(client: Client, asked: Asked, organisation: str) -> dict[str, Values]:
    """Return the cells of all measures at once, as the query service's pages ask for them."""
    period = periods_of_query.parse(asked[0])
    questions = [Question(measure, organisation, period, asked[1]) for measure in MEASURES]
    answers = figures.ask_many(client, questions, CURRENCIES.__getitem__)
    return {
        measure: told(msgspec.to_builtins(answer.cells), asked, measure)
        for measure, answer in zip(MEASURES, answers, strict=True)
    }


def test_the_season_was_delivered_the_hard_way(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(
            f"\n{season.deliveries:,} deliveries of {season.transactions:,} transactions: "
            f"{season.repeats:,} repeats, {season.stale:,} of an older version"
        )
    assert season.repeats >= LEAST_REPEATS
    assert season.stale >= LEAST_STALE


def test_every_figure_is_true(
    season: Season, oracle: Oracle, capsys: pytest.CaptureFixture[str]
) -> None:
    """All measures of each organisation for each question; of many, one over HTTP too."""
    organisations, compared, asked_over_http, wrong = oracle.organisations(), 0, 0, []
    assert len(organisations) == 30
    with connect(season.system.addresses["clickhouse"]) as client:
        for number, asked in enumerate(questions(oracle.days())):
            true = oracle.cells(*asked)
            # in all: everybody; broken down: every third, others each time
            some = organisations[number % 3 :: 3] if asked[1] else organisations
            for place, organisation in enumerate(some):
                found = computed(client, asked, organisation)
                chosen = MEASURES[(number + place) % len(MEASURES)]
                if (number + place) % HTTP == 0:
                    served = over_http(season, asked, (organisation, chosen))
                    asked_over_http += len(served)
                    if served != found[chosen]:
                        wrong.append((organisation, chosen, asked, served, found[chosen]))
                for measure, cells in found.items():
                    expected = standing(true.get((organisation, measure), {}))
                    compared += max(len(expected), 1)
                    if expected != standing(cells):
                        wrong.append((organisation, measure, asked, expected, cells))
    with capsys.disabled():
        print(f"\ncompared {compared:,} cells, {asked_over_http:,} over HTTP: {len(wrong)} wrong")
    assert [] == wrong[:3]
    assert compared >= LEAST_CELLS
    assert asked_over_http >= LEAST_CELLS // 40


def test_nothing_is_undefined_that_is_known(season: Season, oracle: Oracle) -> None:
    """A ratio over nothing is null and says so; over something it never is."""
    days = oracle.days()
    whole = f"{days[0]}..{days[-1]}"
    before = f"{days[0] - timedelta(days=40)}..{days[0] - timedelta(days=20)}"
    for organisation in oracle.organisations()[:5]:
        for measure in ("party_size", "coverage", "average_order_value", "average_ticket_price"):
            assert all(
                cell["value"] is not None
                for cell in season.system.cells(organisation, measure, whole)
            )
            [empty] = season.system.cells(organisation, measure, before)
            assert (None, "undefined") == (empty["value"], empty["why"])
        [nothing] = season.system.cells(organisation, "orders", before)
        assert 0 == nothing["value"]


def test_the_ledger_knows_every_transaction(season: Season) -> None:
    ledger = season.system.ledger()
    rows = [ledger[house.id] for house in HOUSES]
    assert season.transactions == sum(row["accepted"] for row in rows)
    assert season.transactions == sum(row["counted"] for row in rows)
    assert all(row["dead"] == 0 and row["difference"] == 0 for row in rows)
