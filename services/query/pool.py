"""ClickHouse's clients: a few, each used by one thread at a time, and what their errors mean."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError

#: So many statements at once; the others wait, and are told to come again after so long.
SIZE, WAIT_S = 6, 10.0
#: Errors of a server that is there, but not ready to answer: there are no tables yet, a statement
#: took too long, too many run, memory is short, it is shutting down.
_NOT_NOW = frozenset({60, 81, 159, 202, 241, 394})


class Away(ConnectionError):
    """ClickHouse cannot be reached, or cannot answer now; asked again later it may."""


class Pool:
    """Clients made by *connect* when they are needed."""

    def __init__(self, connect: Callable[[], Client], size: int = SIZE) -> None:
        self._connect = connect
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Client] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Lend a client to this thread; raise Away where there is none or it cannot answer."""
        if not self._free.acquire(timeout=WAIT_S):
            raise Away("every client is busy")
        try:
            client = self._take()
            try:
                yield client
            except (OperationalError, urllib3.exceptions.HTTPError, OSError) as error:
                _discard(client)
                raise Away(type(error).__name__) from None
            except DatabaseError as error:
                self._give_back(client)
                if error.code in _NOT_NOW:
                    raise Away(f"code {error.code}") from None
                raise
            except BaseException:
                self._give_back(client)
                raise
            self._give_back(client)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the clients; those on loan when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            _discard(client)

    def _take(self) -> Client:
        with self._lock:
            if self._closed:
                raise Away("closing")
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except (ClickHouseError, urllib3.exceptions.HTTPError, OSError) as error:
            raise Away(type(error).__name__) from None

    def _give_back(self, client: Client) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        _discard(client)


def _discard(client: Client) -> None:
    client.close()
