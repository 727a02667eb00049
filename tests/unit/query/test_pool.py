"""Clients are lent to one thread at a time, and given up where they are broken."""

import threading
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from services.query import pool
from services.query.pool import Away, Pool


class Fake:
    """A client that can be closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Maker:
    """Makes clients, or fails."""

    error: Exception | None = None
    made: list[Fake] = field(default_factory=list)

    def __call__(self) -> Client:
        if self.error is not None:
            raise self.error
        self.made.append(Fake())
        return cast("Client", self.made[-1])


def test_a_client_is_used_again_but_not_by_two_at_once() -> None:
    maker = Maker()
    clients = Pool(maker, 2)
    with clients.client() as one, clients.client() as other:
        assert one is not other
    with clients.client() as again:
        assert again in {one, other}
    assert 2 == len(maker.made)


@pytest.mark.parametrize(
    "error", [OperationalError("gone"), ConnectionResetError(), TimeoutError()]
)
def test_a_broken_client_is_given_up(error: Exception) -> None:
    maker = Maker()
    clients = Pool(maker)
    with pytest.raises(Away), clients.client():
        raise error
    with clients.client():
        pass
    assert [True, False] == [client.closed for client in maker.made]


@pytest.mark.parametrize(
    ("code", "raised"), [(60, Away), (241, Away), (62, DatabaseError), (None, DatabaseError)]
)
def test_a_server_that_is_not_ready_is_away_and_a_wrong_statement_is_a_fault(
    code: int | None, raised: Any
) -> None:
    maker = Maker()
    clients = Pool(maker)
    with pytest.raises(raised), clients.client():
        raise DatabaseError("Kari Nordmann", code=code)
    with clients.client():
        pass
    assert 1 == len(maker.made)


def test_who_cannot_connect_is_told_that_it_is_away_and_tries_again() -> None:
    maker = Maker(OperationalError("refused"))
    clients = Pool(maker, 1)
    for _ in range(3):
        with pytest.raises(Away), clients.client():
            pass
    maker.error = None
    with clients.client():
        pass


def test_who_waits_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_S", 0.01)
    clients = Pool(Maker(), 1)
    with clients.client(), pytest.raises(Away), clients.client():
        pass


def test_many_threads_share_few_clients() -> None:
    maker, at_once, most = Maker(), 0, 0
    clients, lock, start = Pool(maker, 3), threading.Lock(), threading.Barrier(12)

    def work() -> None:
        nonlocal at_once, most
        start.wait()
        for _ in range(50):
            with clients.client():
                with lock:
                    at_once += 1
                    most = max(most, at_once)
                with lock:
                    at_once -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most <= 3
    assert len(maker.made) <= 3


def test_what_comes_back_after_the_end_is_closed() -> None:
    maker = Maker()
    clients = Pool(maker)
    with clients.client(), clients.client():
        clients.close()
    assert all(client.closed for client in maker.made)
    with pytest.raises(Away), clients.client():
        pass
