"""Who is one, and every figure that follows, is what the truth of a clean world says.

The oracle is DuckDB and numpy over what the simulation knows to be true (tests.support.audience,
tests.support.curves), and shares no code and no SQL with the product.
"""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.query import figures
from services.query import periods as periods_of_query
from services.query.question import Question
from simulation.houses import HOUSES
from tests.support import curves
from tests.support.audience import Audience
from tests.support.found import FAMILIES, Compared, compare
from tests.support.season import Season, played
from tests.support.system import Running

pytestmark = [pytest.mark.kafka, pytest.mark.engine, pytest.mark.long]

ORDERS = 30_000
#: Fewer would prove little of so many.
LEAST = {
    "persons": 80,
    "days": 350_000,
    "breakdowns": 2_000_000,
    "curves": 250_000,
    "cross-use": 50_000,
    "periods": 3_000,
}
#: A measure of customers, and the oracle's word for it.
MEASURES = {
    "unique_customers": "unique",
    "new_customers": "new",
    "returning_customers": "returning",
    "reactivated_customers": "reactivated",
}
CURRENCIES = {house.id: house.currency for house in HOUSES}


@pytest.fixture(scope="module")
def season(system: Running) -> Season:
    """Return a season of a clean world that the system has counted."""
    found = played(system, ORDERS)
    system.wait_until_counted()
    return found


def told(capsys: pytest.CaptureFixture[str], compared: Compared) -> None:
    with capsys.disabled():
        print(f"\ncompared {compared}")
    assert [] == compared.wrong[:3]
    assert {} == {what: n for what, n in compared.cells.items() if n < LEAST[what]}


def test_every_cell_of_persons_is_true(season: Season, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, compare(season))


def test_an_organisations_customers_of_every_period_are_true(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unique, new, returning and reactivated customers, and on how many days they came."""
    season.system.wait_until_counted(families=FAMILIES)
    of, compared = Audience(season.lines, season.customers, season.statements), Compared()
    with connect(season.system.addresses["clickhouse"]) as client:
        for period in periods(*of.days()):
            compared.note("periods", curves.customers(of, period), asked(client, period))
    told(capsys, compared)


def periods(first: date, last: date) -> list[str]:
    """Return periods of every kind, early and late ones."""
    middle = first + (last - first) / 2
    some = (first + timedelta(days=20), middle, last)
    return [
        *(str(day) for day in some),
        *(f"{d.isocalendar().year}-W{d.isocalendar().week:02d}" for d in some),
        *(f"{day:%Y-%m}" for day in some),
        *(f"{day.year}-Q{(day.month + 2) // 3}" for day in some),
        *(str(year) for year in range(first.year, last.year + 1)),
        *(f"season-{year}" for year in range(first.year - 1, last.year + 1)),
        *(f"rolling-{window}@{day}" for window in curves.WINDOWS for day in some),
        f"{middle - timedelta(days=11)}..{middle + timedelta(days=40)}",
    ]


def asked(client: Client, period: str) -> pl.DataFrame:
    """Return organisation, measure, value, as the query service answers all organisations."""
    rows: list[tuple[str, str, Any]] = []
    for house in HOUSES:
        when = periods_of_query.parse(period)
        questions = [Question(measure, house.id, when, ()) for measure in MEASURES]
        questions.append(Question("visit_frequency", house.id, when, ("order_days",)))
        questions.append(Question("visit_frequency", house.id, when, ()))
        *counts, often, mean = figures.ask_many(client, questions, CURRENCIES.__getitem__)
        found = dict(zip(MEASURES.values(), (one.cells[0].value for one in counts), strict=True))
        rows += [(house.id, name, value) for name, value in found.items() if value]
        rows += [
            (house.id, cell.by["order_days"], cell.value) for cell in often.cells if cell.value
        ]
        if found["unique"]:
            days = (mean.cells[0].value or 0) * found["unique"]
            rows.append((house.id, "days", round(days)))
    schema = {"organisation": pl.String, "measure": pl.String, "value": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
