"""Keep derived tables in step with the facts: whole cells, recomputed, never added to.

A pace is a set of tables that a loop of its own refreshes together, in their order. Each table
covers marks for itself, so that no pace waits for another. Any number of refreshers may run, be
paused or killed: rows bear the generation of marks that was read before the facts were, and the
greater generation stands, whoever wrote last.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.metrics import REFRESH_SECONDS
from services.aggregate.figures import GENERATION, STALE, STATEMENTS
from services.aggregate.visits import YIELDING

#: The tables of each pace: live figures, and who was where, whose statement looks up all persons.
LIVE = ("sales_live", "kpi_daily")
PERSONS = ("visits",)
#: A statement's bounds: an import of years takes many, and today's sales get in between.
_DAYS, _CELLS = 31, 2000
#: Each year is its own partition and a row's day tells which: so FINAL merges within them.
#: What a statement reads in several places is read once.
_SETTINGS = {"do_not_merge_across_partitions_select_final": 1, "enable_materialized_cte": 1}


class Cell(NamedTuple):
    """One organisation's day, and how many marks it had."""

    day: date
    organisation: str
    seen: int


class Stale(Struct, frozen=True):
    """The cells that are not covered, the newest day first, and the generation of all marks."""

    generation: int
    cells: tuple[Cell, ...]


def generation_of(client: Client) -> int:
    """Return how many marks there are: it grows with every change."""
    [(generation,)] = client.query(GENERATION).result_rows
    return int(generation)


def look(client: Client, tables: Sequence[str]) -> Stale:
    """Return what is stale in any of *tables*, by one reading of the marks."""
    rows = client.query(STALE, parameters={"targets": list(tables)}).result_rows
    generation = max((row[3] for row in rows), default=0)
    return Stale(generation, tuple(Cell(*row[:3]) for row in rows))


def recompute(client: Client, table: str, cells: Sequence[Cell], generation: int) -> None:
    """Write *cells* of *table* as they follow from the facts now."""
    asked = {"cells": [(c.day, c.organisation) for c in cells], "generation": generation}
    with REFRESH_SECONDS.labels(table).time():
        # a raw query sends long parameters as a form; a command would put them into the address
        settings = _SETTINGS if table in LIVE else _SETTINGS | YIELDING
        client.raw_query(STATEMENTS[table], parameters=asked, settings=settings)


def cover(client: Client, tables: Sequence[str], cells: Sequence[Cell]) -> None:
    """Note that *tables* have taken in what *cells* had been marked with."""
    rows = [(table, *cell) for table in tables for cell in cells]
    names = ["target", "day", "organisation", "marks"]
    client.insert("covered", rows, column_names=names)


def refresh(client: Client, tables: Sequence[str], cells: Sequence[Cell], generation: int) -> None:
    """Bring *cells* of *tables* to *generation*."""
    for table in tables:
        recompute(client, table, cells, generation)
    cover(client, tables, cells)


def portions(cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
    """Yield *cells*, sorted by day, as many at a time as one statement should take."""
    portion: list[Cell] = []
    days: set[date] = set()
    for cell in cells:
        if len(portion) == _CELLS or (len(days) == _DAYS and cell.day not in days):
            yield portion
            portion, days = [], set()
        portion.append(cell)
        days.add(cell.day)
    if portion:
        yield portion


def run_pass(client: Client, today: date, tables: Sequence[str] = LIVE) -> int:
    """Refresh everything that is stale in *tables* as of now; return the number of cells.

    A pass of many portions looks again after each, for today's cells: sales go on meanwhile.
    """
    stale = look(client, tables)
    _refresh_all(client, tables, [c for c in stale.cells if c.day >= today], stale.generation)
    for n, portion in enumerate(portions([c for c in stale.cells if c.day < today])):
        if n:
            again = look(client, tables)
            live = [c for c in again.cells if c.day >= today]
            _refresh_all(client, tables, live, again.generation)
        refresh(client, tables, portion, stale.generation)
    return len(stale.cells)


def _refresh_all(
    client: Client, tables: Sequence[str], cells: Sequence[Cell], generation: int
) -> None:
    for portion in portions(cells):
        refresh(client, tables, portion, generation)
