"""ClickHouse: a client, and the numbered migrations of ``schemas/clickhouse``."""

from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

#: Inserts are batches already; deduplication of equal inserts would make two equal marks one.
SETTINGS = {"async_insert": 0, "insert_deduplicate": 0}


def connect(url: str, timeout_s: int = 120) -> Client:
    """Return a client of the database that *url* names; it is not shared between threads.

    A statement that says nothing for *timeout_s* has failed.
    """
    parts = urlsplit(url)
    return clickhouse_connect.get_client(
        interface=parts.scheme,
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 8123,
        username=parts.username and unquote(parts.username),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or "kudos",
        settings=SETTINGS,
        # a session would make every client's queries wait for one another
        autogenerate_session_id=False,
        connect_timeout=5,
        send_receive_timeout=timeout_s,
    )


def utc(moment: datetime) -> datetime:
    """Return *moment* with a zone: the client gives ClickHouse's times in UTC, and without one."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def migrate(url: str) -> list[str]:
    """Bring the database to the newest schema, and return what was applied; harmless at any time.

    Each ``NNNN_name.sql`` is applied once, statement by statement; every statement says IF NOT
    EXISTS, so that one which was killed half-way, or run by two at once, ends the same.
    """
    parts = urlsplit(url)
    database = parts.path.strip("/") or "kudos"
    with connect(parts._replace(path="/default").geturl()) as server:
        server.command(f"CREATE DATABASE IF NOT EXISTS `{database}` ENGINE = Atomic")
    with connect(url) as client:
        client.command(
            "CREATE TABLE IF NOT EXISTS migrations (name String) "
            "ENGINE = ReplacingMergeTree ORDER BY name"
        )
        done = {name for (name,) in client.query("SELECT name FROM migrations FINAL").result_rows}
        todo = [(n, sql) for n, sql in migrations() if n not in done]
        for name, sql in todo:
            for statement in filter(None, map(str.strip, sql.split(";\n"))):
                client.command(statement.removesuffix(";"))
            client.insert("migrations", [[name]], column_names=["name"])
    return [name for name, _ in todo]


def migrations() -> list[tuple[str, str]]:
    """Return every migration's name and text, in order."""
    found = [f for f in files("schemas.clickhouse").iterdir() if f.name.endswith(".sql")]
    return sorted((f.name, f.read_text("utf-8")) for f in found)
