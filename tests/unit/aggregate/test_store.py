"""Writing facts: who comes in between, conflicts, and refunds whose time nobody gives."""

from collections.abc import Callable
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction
from services.aggregate import store
from services.aggregate.facts import History, fact_of, rows_of
from tests.support.sales import DAYS, MONDAY, hex_id, received_again, sale, standing, ticket


def lines_of(client: Client, name: object) -> list[tuple[Any, ...]]:
    """Return day, kind and quantity of each line that stands."""
    rows = client.query(
        "SELECT day, kind, quantity FROM sales FINAL "
        "ARRAY JOIN line.kind AS kind, line.quantity AS quantity "
        "WHERE transaction_id = {id:UInt128} ORDER BY ALL",
        parameters={"id": int(hex_id("transaction", name), 16)},
    ).result_rows
    return [tuple(row) for row in rows]


def expected(received: list[EnrichedTransaction]) -> list[tuple[Any, ...]]:
    """Return what must stand, worked out apart."""
    [(_, lines)] = standing(received)
    return sorted((x.at.date(), x.kind, x.quantity) for x in lines if x.at is not None)


class Interrupted:
    """A client before whose statements, by number, something else happens."""

    def __init__(self, client: Client, others: dict[int, Callable[[], object]]) -> None:
        self._client, self._others = client, others
        self.statements = 0

    def rest(self) -> None:
        """Let happen what had no statement to come before."""
        for other in self._others.values():
            other()

    def __getattr__(self, name: str) -> Any:
        """Return a method of the client, after whatever comes in between."""
        method = getattr(self._client, name)

        def statement(*args: Any, **kwargs: Any) -> Any:
            other = self._others.pop(self.statements, None)
            self.statements += 1
            if other is not None:
                other()
            return method(*args, **kwargs)

        return statement


@pytest.mark.engine
def test_writers_may_come_in_between_anywhere(engine_url: str) -> None:
    """Each notes an earlier receipt of the same refund, wherever the others are just then."""
    refund, kept = ticket("r", None, kind="refund"), ticket("k", DAYS[3])
    with connect(engine_url) as one, connect(engine_url) as two, connect(engine_url) as three:
        for second in range(1, 7):
            for third in range(1, 7):
                names = [(second, third, "the same version"), (second, third, "an older one")]
                newest = [sale(name, 7, DAYS[2], refund, kept) for name in names]
                middle, first = (
                    [received_again(newest[0], at), sale(names[1], version, at, refund)]
                    for at, version in ((DAYS[1], 5), (DAYS[0], 6))
                )
                inner = Interrupted(two, {third: _write(three, first)})
                outer = Interrupted(one, {second: _write(inner, middle)})
                _write(outer, newest)()
                outer.rest()
                inner.rest()
                for n, name in enumerate(names):
                    assert expected([newest[n], middle[n], first[n]]) == lines_of(one, name), name


@pytest.mark.engine
def test_a_stale_move_is_moved_again(engine_url: str) -> None:
    """Two others come, one after another: between reading and writing, twice."""
    with connect(engine_url) as one, connect(engine_url) as two:
        for first in range(1, 6):
            for then in range(first + 1, 9):
                name = ("twice", first, then)
                newest = sale(name, 7, DAYS[2], ticket("r", None, kind="refund"))
                earlier, earliest = (received_again(newest, at) for at in (DAYS[1], DAYS[0]))
                # a receipt that was only noted: its writer was killed there, and comes again
                come = {first: _note(two, earlier), then: _write(two, [earliest])}
                writer = Interrupted(one, come)
                _write(writer, [newest])()
                writer.rest()
                _write(two, [earlier])()
                assert expected([newest, earlier, earliest]) == lines_of(one, name), name


def _write(client: Any, some: list[EnrichedTransaction]) -> Callable[[], object]:
    return lambda: store.write(client, [fact_of(one) for one in some])


def _note(client: Any, one: EnrichedTransaction) -> Callable[[], object]:
    return lambda: store.note(client, [fact_of(one)])


@pytest.mark.engine
def test_two_contents_of_one_version_are_told(engine_url: str) -> None:
    one = sale("c", 3, MONDAY, ticket("a", MONDAY, 1))
    other = sale("c", 3, MONDAY, ticket("a", MONDAY, 2))
    newer = sale("c", 4, MONDAY, ticket("a", MONDAY, 3))
    with connect(engine_url) as client:
        assert [] == store.write(client, [fact_of(one)])
        assert [] == store.write(client, [fact_of(one)])
        assert [] == store.write(client, [fact_of(newer)])
        assert [fact_of(other)] == store.write(client, [fact_of(other)])
        assert [(MONDAY.date(), "sale", 3)] == lines_of(client, "c")


@pytest.mark.engine
def test_a_transaction_without_lines_is_there(engine_url: str) -> None:
    with connect(engine_url) as client:
        store.write(client, [fact_of(sale("none", 1, MONDAY))])
        [(count,)] = client.query("SELECT count() FROM sales FINAL").result_rows
        assert 1 == count


def test_rows_that_are_not_complete_are_left_to_their_writer() -> None:
    """Rows of two years are two parts: between them a refund may be in neither."""
    refunds = (ticket("r", None, kind="refund"), ticket("s", None, kind="refund"))
    first, again = (fact_of(sale("p", 1, at, *refunds)) for at in (DAYS[3], DAYS[0]))
    both = History((first.receipt, again.receipt))
    stored = rows_of(first, History((first.receipt,)))
    assert {0, 2} == {len(r.lines) for r in store.misplaced({1: stored}, {1: both})}
    half = [row._replace(lines=row.lines[:1]) for row in stored]
    assert [] == store.misplaced({1: half}, {1: both})
