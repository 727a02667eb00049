"""Processes that write into ClickHouse, statement by statement, in an order that a test chooses."""

import re
import threading
from collections.abc import Callable
from typing import Any

from clickhouse_connect.driver.client import Client

#: A statement that does not come back would hang the test.
TURN_S = 30.0


class Killed(BaseException):
    """What a process feels of SIGKILL."""


class Actor:
    """Does *work* with a client, one statement each turn; ``kill`` ends it between two."""

    def __init__(self, clients: list[Client], work: Callable[[Any], object]) -> None:
        self.client = clients.pop()
        self._clients = clients
        self.ended, self.killed = False, False
        #: Whether it has read the facts of cells and not yet written what follows from them.
        self.holds = False
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self._thread.start()
        self._until_it_waits()

    def turn(self) -> None:
        """Let it do one statement, and what it works out before the next."""
        self._go.release()
        self._until_it_waits()
        if self._error is not None:
            raise self._error

    def kill(self) -> None:
        """End it here."""
        self.killed = True
        self.turn()

    def finish(self) -> None:
        """Let it do all that is left."""
        while not self.ended:
            self.turn()

    def raw_query(self, sql: str, **rest: Any) -> None:
        """Do an INSERT … SELECT as the server does: it reads, and some time later it writes."""
        into, _, select = sql.partition("SELECT")
        found = re.fullmatch(r"\s*INSERT INTO (\w+) \((.*)\)\s*", into, re.DOTALL)
        assert found is not None
        columns = [name.strip() for name in found[2].split(",")]
        read = self._statement(self.client.raw_query)(f"SELECT{select}", fmt="TabSeparated", **rest)
        self.holds = True
        if read:
            insert = self._statement(self.client.raw_insert)
            insert(found[1], columns, insert_block=read, fmt="TabSeparated")
        self.holds = False

    def __getattr__(self, name: str) -> Any:
        """Return a method of the client that waits for its turn."""
        return self._statement(getattr(self.client, name))

    def _statement(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def statement(*args: Any, **kwargs: Any) -> Any:
            self._waits.release()
            assert self._go.acquire(timeout=10 * TURN_S)
            if self.killed:
                raise Killed
            return method(*args, **kwargs)

        return statement

    def _run(self, work: Callable[[Any], object]) -> None:
        try:
            work(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 (it is raised by who gave the turn)
            self._error = error
        finally:
            self._clients.append(self.client)
            self.ended = True
            self._waits.release()

    def _until_it_waits(self) -> None:
        assert self._waits.acquire(timeout=TURN_S), "a statement hangs"
