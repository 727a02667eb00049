"""Refreshing: portions, today first, and what is written of a cell that was emptied."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from kudos.clickhouse import connect
from services.aggregate import refresh, store
from services.aggregate.facts import fact_of
from services.aggregate.refresh import Cell, portions
from tests.support.sales import DAYS, MONDAY, sale, ticket

TODAY = date(2026, 5, 17)


def cells(days: int, organisations: int) -> list[Cell]:
    """Return cells of the last *days*, the newest first."""
    return [
        Cell(TODAY - timedelta(days=n), f"house-{o}", 1)
        for n in range(days)
        for o in range(organisations)
    ]


@pytest.mark.parametrize(("days", "organisations"), [(0, 1), (1, 1), (31, 3), (70, 100), (3, 5000)])
def test_a_statement_takes_so_many_days_and_cells(days: int, organisations: int) -> None:
    wanted = cells(days, organisations)
    found = list(portions(wanted))
    assert wanted == [cell for portion in found for cell in portion]
    assert all(len(portion) <= 2000 for portion in found)
    assert all(len({cell.day for cell in portion}) <= 31 for portion in found)


def test_today_gets_in_between_the_portions_of_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look finds today's cell stale anew, as it is while sales go on."""
    done: list[date] = []
    generations = iter(range(1, 100))

    def look(_client: Any, tables: Sequence[str]) -> refresh.Stale:
        assert tables == refresh.LIVE
        return refresh.Stale(next(generations), tuple(cells(100, 1)))

    def noted(_client: Any, _tables: Any, some: Sequence[Cell], generation: int) -> None:
        done.append(some[0].day)
        assert generation > 0

    monkeypatch.setattr(refresh, "look", look)
    monkeypatch.setattr(refresh, "refresh", noted)
    assert 100 == refresh.run_pass(None, TODAY)  # type: ignore[arg-type]  # it is not asked
    assert TODAY == done[0]
    assert [True, False] * 4 == [day == TODAY for day in done]


@pytest.mark.engine
def test_a_cell_that_was_emptied_says_so(engine_url: str) -> None:
    with connect(engine_url) as client:
        store.write(client, [fact_of(sale("m", 1, MONDAY, ticket("a", DAYS[0], 3)))])
        refresh.run_pass(client, TODAY)
        store.write(client, [fact_of(sale("m", 2, MONDAY, ticket("a", DAYS[1], 3)))])
        [(stale, *_), (also, *_)] = refresh.look(client, refresh.LIVE).cells
        assert [DAYS[1].date(), DAYS[0].date()] == [stale, also]
        assert 2 == refresh.run_pass(client, TODAY)
        asked = "SELECT day, tickets, money.currency FROM kpi_daily FINAL ORDER BY day"
        rows = client.query(asked).result_rows
        assert [(DAYS[0].date(), 0, []), (DAYS[1].date(), 3, ["NOK"])] == [*map(tuple, rows)]
        asked = "SELECT day, minute.tickets FROM sales_live FINAL ORDER BY day"
        rows = client.query(asked).result_rows
        assert [(DAYS[0].date(), []), (DAYS[1].date(), [3])] == [*map(tuple, rows)]
        assert 0 == refresh.run_pass(client, TODAY)
