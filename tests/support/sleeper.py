"""A refresher that is paused after it has read, and wakes up to write when all is over."""

import re
from collections.abc import Callable
from typing import Any

from clickhouse_connect.driver.client import Client


class Sleeper:
    """A client whose INSERTs read at once, as the server does, and write when it is woken."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: list[Callable[[], object]] = []

    def raw_query(self, sql: str, **rest: Any) -> None:
        """Read what ``INSERT INTO … SELECT`` reads."""
        found = re.fullmatch(r"\s*INSERT INTO (\w+) \((.*?)\)\s*(.*)", sql, re.DOTALL)
        assert found is not None
        columns = [name.strip() for name in found[2].split(",")]
        read = self._client.raw_query(found[3], fmt="TabSeparated", **rest)
        self._held.append(
            lambda: self._client.raw_insert(
                found[1], columns, insert_block=read, fmt="TabSeparated"
            )
        )

    def insert(self, *args: Any, **kwargs: Any) -> None:
        """Keep what is to be inserted."""
        self._held.append(lambda: self._client.insert(*args, **kwargs))

    def query(self, *args: Any, **kwargs: Any) -> Any:
        """Read."""
        return self._client.query(*args, **kwargs)

    def wake(self) -> int:
        """Write everything, in order; return how many statements that were."""
        for write in self._held:
            write()
        return len(self._held)
