"""A rebuild ends in the tables that follow from the facts, whatever goes on beside it."""

from collections.abc import Callable
from datetime import date

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.register import Register
from services.aggregate import rebuild, refresh, register
from tests.support.derived import SAID, TODAY, refreshed, said, worlds_of, write
from tests.support.engine import database

pytestmark = pytest.mark.engine


class Killed(BaseException):
    """What a process feels of SIGKILL."""


def spoil(client: Client) -> None:
    """Write what follows from no fact: wrong values, and keys that no statement writes."""
    for table in SAID:
        client.raw_query(
            f"INSERT INTO {table} SELECT * REPLACE (generation + 1000000000000 AS generation, "
            f"{'day + 1 AS day' if table != 'cross_use' else 'customers + 1 AS customers'}) "
            f"FROM {table} FINAL"
        )


def during(url: str, at: int, do: Callable[[Client], None]) -> Callable[[int, int], None]:
    """Return what does something when so many steps are done."""

    def say(done: int, _all: int) -> None:
        if done == at:
            with connect(url) as client:
                do(client)

    return say


def test_sales_and_refreshes_go_on_while_it_runs(engine: str) -> None:
    worlds, houses = worlds_of(4)
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(None))
        refreshed(client)
        expected = said(client)
    assert all(expected.values())
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(8))
        refreshed(client)
        write(client, worlds, slice(8, 10))  # stale when it begins
        spoil(client)

        def more(other: Client) -> None:
            write(other, worlds, slice(10, None))
            refreshed(other)

        cells = rebuild.rebuild(url, lambda: TODAY, during(url, 6, more))
        assert cells > 10
        refreshed(client)
        found = said(client)
        for table, rows in expected.items():
            assert rows == found[table], table
        assert not client.query("SHOW DATABASES LIKE '%_rebuild'").result_rows
    print(f"{sum(map(len, expected.values()))} rows compared")


def test_killed_anywhere_it_may_be_run_again(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds, houses = worlds_of(2)
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(None))
        refreshed(client)
        expected = said(client)

        def killed(*_anything: object) -> None:
            raise Killed

        def late(other: Client) -> None:
            """Sell it all again, and let the tables that go away have it."""
            register.sync(other, Register({}, {}, {}))
            refreshed(other)
            register.sync(other, houses)
            refreshed(other)

        with pytest.raises(Killed):
            rebuild.rebuild(url, lambda: TODAY, during(url, 3, killed))
        assert said(client) == expected, "nothing has happened"
        with monkeypatch.context() as patched:
            patched.setattr(rebuild, "_make_up", killed)
            with pytest.raises(Killed):
                rebuild.rebuild(url, lambda: TODAY, during(url, 5, late))
        before = refresh.generation_of(client)
        rebuild.rebuild(url, lambda: TODAY)
        assert before < refresh.generation_of(client), "what was marked meanwhile"
        refreshed(client)
        assert said(client) == expected


def test_midnight_passes_while_it_runs(engine: str) -> None:
    worlds, houses = worlds_of(1)
    days = iter([TODAY, date(2026, 11, 6)])
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(None))
        refreshed(client)
        tomorrow = date(2026, 11, 6)
        rebuild.rebuild(url, lambda: next(days), during(url, 2, lambda c: refreshed(c, tomorrow)))
        refreshed(client, tomorrow)
        asked = "SELECT count() FROM kpi_rolling FINAL WHERE day = {day:Date}"
        [(points,)] = client.query(asked, parameters={"day": tomorrow}).result_rows
        assert points > 20
        moving = "SELECT DISTINCT ends FROM cross_use FINAL WHERE period = 'rolling-28'"
        assert [(tomorrow,)] == client.query(moving).result_rows
