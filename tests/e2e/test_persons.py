"""Who is one, and every figure that follows, is what the truth of a clean world says.

The oracle is DuckDB and numpy over what the simulation knows to be true (tests.support.audience,
tests.support.curves), and shares no code and no SQL with the product.
"""

import re
import time
import uuid
from datetime import date, timedelta
from typing import Any

import httpx
import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.aggregate import refresh
from services.aggregate.refresh import Cell
from services.query import figures
from services.query import periods as periods_of_query
from services.query.question import Question
from simulation.houses import HOUSES
from simulation.requests import sign
from tests.support import curves
from tests.support.audience import Audience
from tests.support.found import FAMILIES, Compared, compare
from tests.support.season import Season, played
from tests.support.system import Running
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.engine, pytest.mark.long]

ORDERS = 30_000
#: Fewer would prove little of so many.
LEAST = {
    "persons": 80,
    "days": 350_000,
    "breakdowns": 2_000_000,
    "curves": 250_000,
    "cross-use": 50_000,
    "shares": 50_000,
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


def test_a_late_tag_changes_just_the_cells_of_its_person(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last of this file: the truth does not know of it."""
    system = season.system
    system.wait_until_counted(families=FAMILIES)
    of = Audience(season.lines, season.customers, season.statements)
    house, number, person = untagged(of)
    came, bought = (
        set(
            of.frame(
                f"SELECT DISTINCT organisation, day FROM {table} WHERE person = ?", person
            ).rows()
        )
        for table in ("visits", "lines")
    )
    with connect(system.addresses["clickhouse"]) as client:
        before, counted, began = keyed(client), refreshes(system), time.monotonic()
        tag(system, house, number)
        until(lambda: len(tagged(client, before)) == len(came), "the tag does not come", 120)
        seconds, seen = time.monotonic() - began, refreshes(system)["visits"]
        system.wait_until_counted(families=FAMILIES)
        took, after = refreshes(system), keyed(client)
    changed = {
        table: {
            key
            for key in before[table].keys() | after[table].keys()
            if before[table].get(key) != after[table].get(key)
        }
        for table in before
    }
    passes = {
        "visits": seen - counted["visits"],
        "kpi_daily_by": took["kpi_daily_by"] - counted["kpi_daily_by"],
    }
    with capsys.disabled():
        print(
            f"\nafter {seconds:.2f} s a tag stood in {len(changed['visits'])} cells of visits, "
            f"then in {len(changed['kpi_daily_by'])} of breakdowns, refreshes {passes}"
        )
    assert came == changed.pop("visits")
    assert {(*cell, "segment") for cell in bought} == changed.pop("kpi_daily_by")
    assert not any(changed.values()), {table: len(keys) for table, keys in changed.items()}
    # a refresh takes a statement for each portion of the days
    stale = [Cell(day, organisation, 1) for organisation, day in bought]
    portions = len(list(refresh.portions(sorted(stale, reverse=True))))
    assert all(1 <= many <= 2 * portions for many in passes.values()), portions


def untagged(of: Audience) -> tuple[str, str, int]:
    """Return a house with tags, and number and person of its customer whom nobody has tagged."""
    house = next(house for house in HOUSES if "tagtool" in house.sources)
    [found] = of.frame(
        """
        SELECT number, person FROM customers
        JOIN (SELECT person, count(DISTINCT organisation) AS many FROM visits GROUP BY person)
            USING (person)
        WHERE organisation = ? AND vendor = ? AND number IS NOT NULL AND many > 2
            AND person NOT IN (SELECT person FROM profiles WHERE segment IS NOT NULL)
        ORDER BY many DESC, number LIMIT 1
        """,
        house.id,
        house.feeds[0],
    ).rows()
    return house.id, *found


def tag(system: Running, house: str, number: str) -> None:
    """Let TagTool tell a segment of a customer."""
    body = f"customer_id,segment,tagged_at,method\n{number},Release,2026-01-02,golden_questions\n"
    headers = sign(system.access.secrets[house, "tagtool"], str(uuid.uuid4()), body.encode())
    headers["Content-Type"] = "text/csv"
    answer = system.ingest.post(f"/v1/profiles/tagtool/{house}", content=body, headers=headers)
    assert answer.json() | {"receipt": ""} == {
        "accepted": 1,
        "dead": 0,
        "ignored": 0,
        "receipt": "",
    }


#: Of each table its key, and what it says.
_KEYED = {
    "visits": ("organisation, day", "arraySort(arrayZip(customer.person, customer.segment))"),
    "kpi_daily_by": ("organisation, day, by", "cityHash64(* EXCEPT generation)"),
    "kpi_daily": ("scope_kind, scope, day", "cityHash64(* EXCEPT generation)"),
    "kpi_rolling": ("scope_kind, scope, window, day", "customers"),
    "cross_use": ("period, organisation", "cityHash64(* EXCEPT generation)"),
}


def keyed(client: Client) -> dict[str, dict[Any, Any]]:
    """Return what the tables say, by table and key."""
    return {
        table: {
            row[:-1]: row[-1]
            for row in client.query(f"SELECT {key}, {said} FROM {table} FINAL").result_rows
        }
        for table, (key, said) in _KEYED.items()
    }


def tagged(client: Client, before: dict[str, dict[Any, Any]]) -> list[Any]:
    """Return the cells of visits that say something else than *before*."""
    key, said = _KEYED["visits"]
    now = client.query(f"SELECT {key}, {said} FROM visits FINAL").result_rows
    return [row[:-1] for row in now if before["visits"].get(row[:-1]) != row[-1]]


def refreshes(system: Running) -> dict[str, int]:
    """Return how often each table was refreshed."""
    text = httpx.get(f"{system.addresses['aggregate']}/metrics").text
    found = re.findall(r'^kudos_refresh_seconds_count{table="(\w+)"} (\d+)', text, re.MULTILINE)
    return {table: int(many) for table, many in found}
