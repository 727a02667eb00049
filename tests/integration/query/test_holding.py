"""The last cut in memory is what the tables say, whichever cuts came when."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from services.query.cuts import store
from services.query.cuts.holding import hold
from services.query.cuts.reading import Reader
from services.query.cuts.store import Cut
from services.query.pool import Away, Pool

pytestmark = pytest.mark.engine

AT = datetime(2026, 5, 17, tzinfo=UTC)
SCOPES, PERIODS, MEASURES = ("network", "region:46"), ("2026", "2026-05"), ("customers", "tickets")


@pytest.fixture
def client(engine_url: str) -> Iterator[Client]:
    with connect(engine_url) as found:
        yield found


def write(client: Client, chance: random.Random, cut: int, share: float = 0.4) -> None:
    """Write a *share* of the cells of a cut, which is not complete yet."""
    rows: list[tuple[Any, ...]] = []
    for scope in SCOPES:
        for period in PERIODS:
            for measure in MEASURES:
                for told in ([], ["female"], ["male"]):
                    if chance.random() < share:
                        value = chance.choice((None, chance.randrange(1000)))
                        why = "" if value is not None else "complement"
                        by = ["gender"] * len(told)
                        row = (scope, period, by, told, measure, cut, AT, value, why, "", 0, 0)
                        rows.append((*row, {"hus": 1}, {}, 0.5))
    names = ["scope", "period", "by", "told", "measure", "cut", "as_of", "value", "why", "instead"]
    names += ["exact", "persons", "parts", "persons_of", "coverage"]
    if rows:
        client.insert("published", rows, column_names=names)


def complete(client: Client, cut: int) -> None:
    store.complete(client, Cut(cut, AT, date(2026, 5, 16), frozenset(SCOPES), 0, 0, 0, AT))


def told(client: Client) -> dict[Any, Any]:
    """Return the newest value of each cell of the completed cuts, counted here."""
    done = {cut for (cut,) in client.query("SELECT cut FROM cuts").result_rows}
    rows = client.query("SELECT cut, scope, period, by, measure, told, value, why FROM published")
    found: dict[Any, Any] = {}
    for cut, scope, period, by, measure, values, value, why in sorted(rows.result_rows, key=str):
        key = scope, period, tuple(by), measure, tuple(values)
        if cut in done and found.get(key, (0,))[0] <= cut:
            found[key] = (cut, value, why)
    return {key: shown for key, (_, *shown) in found.items()}


def test_what_is_held_is_what_was_published(client: Client) -> None:
    """Cuts come one by one, some at once, some late, and of some only a part was written."""
    chance = random.Random(1)
    held, seen = None, 0
    assert hold(client, None) is None
    for cut in (10, 20, 30, 15, 50, 40, 60):
        write(client, chance, cut)
        if cut != 50:
            complete(client, cut)
        if cut != 20:  # two at once
            before = held
            held = hold(client, held)
            assert held is not None
            assert (before is held) == (cut == 50)
            assert held is hold(client, held)
            found = {
                (*place, measure, values): [kept.value, kept.why]
                for place, cells in held.cells.items()
                for (measure, values), kept in cells.items()
            }
            assert told(client) == found
            seen += len(found)
    assert held is not None
    assert [60, 40, 30, 20, 15, 10] == [cut.cut for cut in held.history]
    assert seen > 80


def test_whoever_asks_waits_for_no_cut_that_is_being_read(engine_url: str, client: Client) -> None:
    reader = Reader(Pool(partial(connect, engine_url)))
    assert reader.last() is None
    write(client, random.Random(2), 10, 1)
    complete(client, 10)
    reader.follow()
    shown = reader.cells("network", "2026", ())
    assert shown
    write(client, random.Random(3), 20, 1)
    complete(client, 20)
    # nobody has looked since: what is held is answered, and told to be what it is
    assert [10] == [cut.cut for cut in reader.history()]
    assert shown == reader.cells("network", "2026", ())
    reader.follow()
    assert [20, 10] == [cut.cut for cut in reader.history()]


def test_what_is_held_is_answered_while_clickhouse_is_away(engine_url: str, client: Client) -> None:
    pool = Pool(partial(connect, engine_url))
    reader = Reader(pool)
    write(client, random.Random(2), 10, 1)
    complete(client, 10)
    reader.follow()
    pool.close()
    with pytest.raises(Away):
        reader.follow()
    assert reader.cells("network", "2026", ())
