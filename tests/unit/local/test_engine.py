"""The engine's HTTP interface: an insert stands whole or not at all, however it is sent."""

import http.client
from urllib.parse import quote, urlsplit

import pytest

from kudos.clickhouse import connect
from tests.support.waiting import until

pytestmark = pytest.mark.engine

#: The client cuts inserts into blocks of about two million bytes, each compressed by itself.
ROWS, WIDE = 20_000, "x" * 1000


@pytest.mark.parametrize("compress", [None, "lz4", "gzip"])
def test_every_block_of_an_insert_arrives(engine_url: str, compress: str | None) -> None:
    with connect(engine_url) as client:
        client.command("CREATE TABLE wide (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
        client.write_compression = compress
        client.insert("wide", [[*range(ROWS)], [WIDE] * ROWS], ["n", "s"], column_oriented=True)
        assert client.query("SELECT count(), sum(n) FROM wide").result_rows == [
            (ROWS, ROWS * (ROWS - 1) // 2)
        ]


@pytest.mark.parametrize("cut", ["between chunks", "within a chunk", "within a length"])
def test_nothing_of_a_client_is_inserted_that_went_away_meanwhile(
    engine_url: str, cut: str
) -> None:
    parts = urlsplit(engine_url)
    database = parts.path.strip("/")
    with connect(engine_url) as client:
        client.command("CREATE TABLE small (n UInt64) ENGINE = MergeTree ORDER BY n")
        one = http.client.HTTPConnection(parts.hostname or "", parts.port)
        sql = quote("INSERT INTO small FORMAT TabSeparated")
        one.putrequest("POST", f"/?database={database}&query={sql}")
        if cut == "within a length":
            one.putheader("Content-Length", "100")
            one.endheaders(b"1\n2\n")
        else:
            one.putheader("Transfer-Encoding", "chunked")
            one.endheaders()
            one.send(b"4\r\n1\n2\n\r\n" if cut == "between chunks" else b"8\r\n1\n2\n")
        one.close()
        _insert_whole(parts.netloc, database, sql)
        until(lambda: _count(client) == 1, "the whole one is not there")
        assert _count(client) == 1


def _insert_whole(netloc: str, database: str, sql: str) -> None:
    other = http.client.HTTPConnection(netloc)
    other.request("POST", f"/?database={database}&query={sql}", iter([b"3\n"]))
    assert other.getresponse().status == 200
    other.close()


def _count(client: object) -> int:
    return int(client.query("SELECT count() FROM small").result_rows[0][0])  # type: ignore[attr-defined]
