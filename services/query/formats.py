"""The forms of an answer: JSON, and the same as a table, in CSV or Parquet."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from services.query.problems import Refused

Format = Literal["json", "csv", "parquet"]
MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
#: What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Answers are one asker's and of one moment: no cache keeps them.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Authorization, Cookie",
    "X-Content-Type-Options": "nosniff",
}

Kind = Literal["text", "integer", "number", "day", "time"]
_ARROW: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
    "time": pa.timestamp("us", tz="UTC"),
}


class Table(Struct, frozen=True):
    """An answer as rows; *columns* are always the same for the same question."""

    name: str  # of the file
    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[Any]]


def chosen(request: Request, others: Sequence[str] = ()) -> str:
    """Return the format that ``format`` names, else the one that ``Accept`` likes best.

    *others* are media types that this address also has. Refuse what nobody has.
    """
    named = request.query_params.get("format")
    if named is not None:
        if named not in MEDIA_TYPES:
            raise Refused(400, "format: there is no such format.", {"formats": [*MEDIA_TYPES]})
        return named
    offers = {media: name for name, media in MEDIA_TYPES.items()} | {o: o for o in others}
    accept = request.headers.get("accept", "").strip()
    if not accept:
        return "json"
    best = max(offers, key=lambda media: _liked(accept, media))
    if _liked(accept, best) <= 0:
        raise Refused(406, "None of these can be answered.", {"accept": [*offers]})
    return offers[best]


def _liked(accept: str, media: str) -> float:
    """Return how much *accept* likes *media*: the q of the most precise range that holds it."""
    found = (-1, 0.0)
    for part in accept.split(","):
        wanted, *options = (word.strip().lower() for word in part.split(";"))
        precision = ("*/*", f"{media.partition('/')[0]}/*", media)
        if wanted in precision:
            found = max(found, (precision.index(wanted), _quality(options)))
    return found[1]


def _quality(options: Sequence[str]) -> float:
    for option in options:
        if option.startswith("q="):
            try:
                return min(max(float(option[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def respond(form: str, payload: object, table: Callable[[], Table]) -> Response:
    """Return *payload* as JSON, or *table* in another *form*."""
    if form == "json":
        return Response(
            msgspec.json.encode(payload), headers=HEADERS, media_type=MEDIA_TYPES["json"]
        )
    rows = table()
    body = as_csv(rows) if form == "csv" else as_parquet(rows)
    media = "text/csv; charset=utf-8" if form == "csv" else MEDIA_TYPES["parquet"]
    file = {"Content-Disposition": f'attachment; filename="{rows.name}.{form}"'}
    return Response(body, headers=HEADERS | file, media_type=media)


def as_csv(table: Table) -> bytes:
    """Return *table* with a header; text that a spreadsheet would compute gets an apostrophe."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_written(value) for value in row])
    return file.getvalue().encode()


def _written(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if value is None or isinstance(value, int | float):
        return value
    return msgspec.to_builtins(value)  # days and times as JSON writes them


def as_parquet(table: Table) -> bytes:
    """Return *table* with the types of its columns, also where there is no row."""
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in table.columns.items()])
    columns = list(zip(*table.rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(c, kind) for c, kind in zip(columns, schema.types, strict=True)]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file)
    return file.getvalue()
