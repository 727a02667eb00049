"""The register in ClickHouse: what a change of it marks, killed anywhere."""

import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.register import Organisation, Register, WatchedRegister
from services.aggregate import register
from services.aggregate.registrar import Registrar

pytestmark = pytest.mark.engine

A = Organisation("a", "A", "museum", "46", "a", "4601", venues={"Kirken": "0301"})
B = Organisation("b", "B", "orkester", "03", "b", "0301")


def of(*houses: Organisation) -> Register:
    """Return a register of *houses*."""
    return Register({one.id: one for one in houses}, {}, {})


def mark(client: Client, *cells: tuple[str, str]) -> None:
    """Let *cells* have been sold in."""
    rows = [(date.fromisoformat(day), name, 1) for name, day in cells]
    client.insert("marks", rows, column_names=["day", "organisation", "marks"])


def marks(client: Client) -> dict[tuple[str, str], int]:
    """Return how many marks each cell has."""
    rows = client.query(
        "SELECT organisation, toString(day), sum(marks) FROM marks GROUP BY organisation, day"
    ).result_rows
    return {(name, day): many for name, day, many in rows}


def houses(client: Client) -> dict[str, tuple[Any, ...]]:
    """Return the rows of ``organisations``."""
    asked = "SELECT organisation, industry, city, venues, gone, marked FROM organisations FINAL"
    return {name: tuple(row) for name, *row in client.query(asked).result_rows}


class Killed(BaseException):
    """What a process feels of SIGKILL."""


class Mortal:
    """A client that is killed before its statement number *last* that writes."""

    def __init__(self, client: Client, last: int) -> None:
        self._client, self._left = client, last

    def query(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.query(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if not self._left:
            raise Killed
        self._left -= 1
        return getattr(self._client, name)


def test_a_change_marks_every_cell_of_who_has_changed(engine_url: str) -> None:
    with connect(engine_url) as client:
        mark(
            client,
            ("a", "2026-01-01"),
            ("a", "2026-02-01"),
            ("b", "2026-01-01"),
            ("c", "2026-01-01"),
        )
        assert ["a", "b", "c"] == sorted(register.sync(client, of(A, B)))
        assert {2} == set(marks(client).values())
        assert [] == register.sync(client, of(A, B))
        found = houses(client)
        assert ("museum", "4601", {"Kirken": "0301"}, False, True) == found["a"]
        assert found["c"][-2:] == (True, True), "who sells and is in no register"
        other = Organisation("a", "A", "museum", "46", "a", "4601")
        assert ["a"] == register.sync(client, of(other, B))
        expected = {("a", "2026-01-01"): 3, ("a", "2026-02-01"): 3}
        assert expected | {("b", "2026-01-01"): 2, ("c", "2026-01-01"): 2} == marks(client)
        assert ["b"] == register.sync(client, of(other))
        assert houses(client)["b"] == ("orkester", "0301", {}, True, True)
        rows = client.query("SELECT scope_kind, scope FROM scopes FINAL").result_rows
        # where it was before, too
        scopes = {tuple(row) for row in rows}
        assert {("city", "0301"), ("city", "4601"), ("industry-region", "museum/03")} < scopes
        assert {("industry", "orkester"), ("own", "b"), ("region", "46"), ("network", "")} < scopes


@pytest.mark.parametrize("statements", [0, 1, 2])
def test_who_was_killed_on_the_way_is_found(engine_url: str, statements: int) -> None:
    with connect(engine_url) as client:
        mark(client, ("a", "2026-01-01"))
        mortal: Any = Mortal(client, statements)
        with pytest.raises(Killed):
            register.sync(mortal, of(A))
        before = marks(client)["a", "2026-01-01"]
        assert ["a"] == register.sync(client, of(A))
        assert before + 1 == marks(client)["a", "2026-01-01"]
        assert [] == register.sync(client, of(A))


def test_the_file_is_watched(engine_url: str, tmp_path: Path) -> None:
    path = tmp_path / "organisations.toml"
    text = (
        '[[organisation]]\nid = "a"\nname = "A"\nindustry = "museum"\ncounty = "46"\nowner = "a"\n'
    )
    path.write_text(f'{text}city = "4601"\n', "utf-8")
    loop = Registrar(engine_url, lambda: True, threading.Event(), WatchedRegister(path))
    with connect(engine_url) as client:
        loop.begin()
        loop.once()
        assert "4601" == houses(client)["a"][1]
        path.write_text(f'{text}city = "4602"\n', "utf-8")
        loop.once()
        assert "4602" == houses(client)["a"][1]
