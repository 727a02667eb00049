"""The same answer in three forms, and which one is meant."""

import csv
import io
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from services.query.formats import Table, as_csv, as_parquet, chosen
from services.query.problems import Refused

_STREAM = "text/event-stream"


def request(accept: str | None = None, query: str = "") -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode("latin-1", "replace"))]
    return Request(
        {"type": "http", "headers": headers, "query_string": query.encode(), "method": "GET"}
    )


@pytest.mark.parametrize(
    ("accept", "query", "form"),
    [
        (None, "", "json"),
        ("", "", "json"),
        ("*/*", "", "json"),
        ("application/json", "", "json"),
        ("text/csv", "", "csv"),
        ("TEXT/CSV; charset=utf-8", "", "csv"),
        ("application/vnd.apache.parquet", "", "parquet"),
        ("text/html, application/json;q=0.9, */*;q=0.8", "", "json"),
        ("application/json;q=0.5, text/csv", "", "csv"),
        ("text/csv;q=0, */*", "", "json"),
        ("application/*;q=0.1, text/csv;q=0.2", "", "csv"),
        ("text/csv", "format=json", "json"),
        (None, "format=parquet", "parquet"),
        (_STREAM, "", _STREAM),
    ],
)
def test_the_form_that_is_liked_best(accept: str | None, query: str, form: str) -> None:
    assert form == chosen(request(accept, query), (_STREAM,))


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [("text/html", "", 406), ("*/*;q=0", "", 406), ("a;q=x", "", 406), (None, "format=xml", 400)],
)
def test_what_nobody_has_is_refused(accept: str | None, query: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        chosen(request(accept, query))
    assert status == refused.value.status
    assert refused.value.may


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_whatever_is_accepted_is_a_form_or_refused(accept: str) -> None:
    try:
        found = chosen(request(accept))
    except Refused as refused:
        found = str(refused.status)
    assert found in {"json", "csv", "parquet", "406"}


TABLE = Table(
    "t",
    {"name": "text", "n": "integer", "share": "number", "on": "day", "at": "time"},
    [
        ('Peer, "Gynt"', -3, 0.5, date(2026, 5, 17), datetime(2026, 5, 17, 12, tzinfo=UTC)),
        (None, None, None, None, None),
    ],
)


def test_csv_has_the_columns_and_what_is_not_known_is_empty() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(TABLE).decode(), newline="")))
    assert [*TABLE.columns] == rows[0]
    assert ['Peer, "Gynt"', "-3", "0.5", "2026-05-17", "2026-05-17T12:00:00Z"] == rows[1]
    assert [""] * 5 == rows[2]


@pytest.mark.parametrize("text", ["=1+1", "+47", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_holds_nothing_that_a_spreadsheet_computes(text: str) -> None:
    table = Table("t", {"name": "text", "n": "integer"}, [(text, -5)])
    [_, row] = list(csv.reader(io.StringIO(as_csv(table).decode(), newline="")))
    assert [f"'{text}", "-5"] == row


@pytest.mark.parametrize("rows", [TABLE.rows, []])
def test_parquet_has_the_types_of_its_columns(rows: list[tuple[object, ...]]) -> None:
    found = pq.read_table(io.BytesIO(as_parquet(Table("t", TABLE.columns, rows))))
    types = ["string", "int64", "double", "date32[day]", "timestamp[us, tz=UTC]"]
    assert types == [str(kind) for kind in found.schema.types]
    assert list(rows) == [tuple(row.values()) for row in found.to_pylist()]
