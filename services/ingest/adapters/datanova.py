"""Datanova: a shop's day in a report of day totals is the transaction, a line each article.

SEEN, in Jærmuseet's importer (hnJaermuseet/JM-booking at 64940283): report 6.04 as XML with rows
of delimited text, or as such text; its columns in two versions; dates ``3/12/2016 12:00:00 AM``
(month first) in the new one and ``12.03.2016`` in the old; the delimiter inside an article's name,
which is merged back; a row ``Totalt :``; figures of a day change until it is over. ASSUMED: a
report holds a day whole, so what comes later replaces it; decimal commas; ``Oms. etter rab.`` is
kroner of the row with VAT; a negative count is a return; what is weighed is one piece. Where no
column has amounts they are 0, or by the ``prices`` of the register.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Item, Line, Performance, Transaction
from kudos.register import OSLO
from services.ingest.adapters import times, trees
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.cells import reads
from services.ingest.adapters.mapping import File
from services.ingest.adapters.money import amount as as_amount
from services.ingest.adapters.money import minor_units
from services.ingest.adapters.reading import Text, reader
from services.ingest.adapters.saft import pieces
from services.ingest.adapters.sales import told
from services.ingest.adapters.times import Moment

#: What a column is, by its heading without blanks, points and hyphens, in small letters.
_COLUMNS: Mapping[str, str] = {
    "butikknr": "shop",
    "varenavn": "name",
    "varenr": "article",
    "dato": "day",
    "transdato": "day",
    "antallsolgt": "count",
    "antsolgt": "count",
    "omsetterrab": "amount",
}
_NEEDED = ("shop", "article", "day", "count")
_SIGNS = re.compile(r"[\s.\-]+")
_NEW = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: 12:00:00 AM)?")
_OLD = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?: 0?0:00:00)?")
_TOTAL = re.compile(r"Totalt?\s*:", re.IGNORECASE)
_number = reads(File(decimal=",", thousands=" \u00a0\u202f"))["number"]


class Day(Struct, frozen=True):
    """One shop's day, as ``split`` makes it: cells as they stood, by columns of ours."""

    columns: Annotated[tuple[Text, ...], Meta(max_length=100)]
    rows: Annotated[tuple[tuple[Text, ...], ...], Meta(max_length=10_000)]


_read = reader(Day)
_days = splitter()


def split(body: bytes) -> Sequence[bytes]:
    """Return each shop's day of a report, XML or delimited text; its total is one of its own."""
    text = trees.plain(body).strip()
    if not text or text[:1] in b"{[":
        return _days(text)
    return _report(text) if trees.is_xml(text) else _delimited(text)


def _report(body: bytes) -> Sequence[bytes]:
    root = trees.tree(body)
    delimiter = root.get("delimiter") or "|"
    found: list[bytes] = []
    for report in trees.children(root, "report"):
        columns = _columns((report.get("columns") or "").split(delimiter))
        rows = [(row.get("values") or "").split(delimiter) for row in trees.children(report, "row")]
        found += _by_day(columns, [_cells(row, columns, delimiter) for row in rows])
    if not trees.children(root, "report"):
        raise Rejected(Reason.UNREADABLE, "no report of Datanova's")
    return found


def _delimited(body: bytes) -> Sequence[bytes]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    delimiter = next((sign for sign in "|;\t" if sign in lines[0]), None)
    if delimiter is None:
        raise Rejected(Reason.UNREADABLE, "no report of Datanova's")
    rows = [line.split(delimiter) for line in lines]
    columns = _columns(rows[0])
    return _by_day(columns, [_cells(row, columns, delimiter) for row in rows[1:]])


def _columns(headings: Sequence[str]) -> tuple[str, ...]:
    """Return what the columns are; those that are not read keep their headings."""
    columns = tuple(_COLUMNS.get(_SIGNS.sub("", head).lower(), head.strip()) for head in headings)
    for needed in _NEEDED:
        if columns.count(needed) != 1:
            raise Rejected(Reason.INVALID_FIELD, f"columns: {needed}: not once in the report")
    return columns


def _cells(cells: Sequence[str], columns: Sequence[str], delimiter: str) -> list[str]:
    """Return a row's cells: what is too many belongs to the article's name."""
    more = len(cells) - len(columns)
    if more > 0 and "name" in columns:
        at = columns.index("name")
        cells = [*cells[:at], delimiter.join(cells[at : at + more + 1]), *cells[at + more + 1 :]]
    return [cell.strip() for cell in cells]


def _by_day(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Sequence[bytes]:
    """Return the rows of each shop and day together; a row that has none of them is alone."""
    shop, day = columns.index("shop"), columns.index("day")

    def key(row: Sequence[str]) -> tuple[str, str]:
        if len(row) <= max(shop, day):
            return "", ""
        return row[shop], row[day]

    groups = groupby(sorted(rows, key=key), key=key)
    return [
        msgspec.json.encode({"columns": columns, "rows": part})
        for (where, when), found in groups
        for part in (([row] for row in found) if not (where and when) else (list(found),))
    ]


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the shop's day in *record*; a report's total is ignored."""
    sent = _read(record)
    rows = [dict(zip(sent.columns, row, strict=False)) for row in sent.rows]
    if not rows or any(_TOTAL.match(cell) for row in sent.rows for cell in row):
        return (Ignored("total"),)
    if any(len(row) != len(sent.columns) for row in sent.rows):
        raise Rejected(Reason.INVALID_FIELD, "rows: other cells than columns")
    day = _day(rows[0].get("day", ""))
    if day is None:
        raise Rejected(Reason.INVALID_FIELD, "day: expected a date")
    number = _name(rows[0], day)
    if any(_name(row, _day(row.get("day", ""))) != number for row in rows):
        raise Rejected(Reason.INVALID_FIELD, "rows: of several days")
    found = [line for row in rows if (line := _line(row, day, origin)) is not None]
    transaction = Transaction(
        transaction=number,
        order=number,
        version=None,
        sold_at=day.at,
        sold_is_date=True,
        channel="till",
        currency=origin.organisation.currency,
        lines=_numbered(found),
    )
    return told(transaction, None, origin)


def _name(row: Mapping[str, str], day: Moment | None) -> str:
    shop = _SIGNS.sub("_", row.get("shop", ""))
    if not shop or len(shop) > 100 or day is None:
        raise Rejected(Reason.INVALID_FIELD, "shop: missing, or a row without a day")
    return f"{shop}-{day.at.astimezone(OSLO):%Y-%m-%d}"


def _day(text: str) -> Moment | None:
    """Return a day: by slashes it is American, by points Norwegian."""
    if found := _NEW.fullmatch(text):
        month, day, year = found.groups()
    elif found := _OLD.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return times.moment(f"{year}-{int(month):02}-{int(day):02}")
    except ValueError:
        return None


def _line(row: Mapping[str, str], day: Moment, origin: Origin) -> Line | None:
    """Return an article's line; None of one that was not sold that day."""
    currency = origin.organisation.currency
    count, article = _decimal(row, "count"), row.get("article") or None
    paid = _decimal(row, "amount") if "amount" in row else _price(article, origin) * abs(count)
    if not count and not paid:
        return None
    named = row.get("name") or article
    return Line(
        line=article or "0",
        kind="refund" if count < 0 or paid < 0 else "sale",
        item=cast("Item", origin.feed.item(article, named, default="other")),
        quantity=pieces(format(count, "f"), "count"),
        amount_minor=minor_units(abs(paid), currency, "amount"),
        at=day.at,
        at_is_date=True,
        ticket_type=named,
        performance=Performance(venue=row["shop"]),
    )


def _decimal(row: Mapping[str, str], named: str) -> Decimal:
    read = _number(row.get(named) or "0")
    if not isinstance(read, str) or len(read) > 20:
        raise Rejected(Reason.INVALID_FIELD, f"{named}: expected a number")
    return Decimal(read)


def _price(article: str | None, origin: Origin) -> Decimal:
    """Return what the register says that an article costs, else 0."""
    known: Any = origin.feed.own.get("prices")
    said = known.get(article) if isinstance(known, dict) else None
    if said is None:
        return Decimal(0)
    try:
        return as_amount(said)
    except ValueError:
        raise Rejected(Reason.INVALID_FIELD, "prices of the register: no amount") from None


def _numbered(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines; an article that stands twice, at two prices, has two numbers."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for line in lines:
        key = (line.line, line.kind)
        seen[key] = seen.get(key, 0) + 1
        name = line.line if seen[key] == 1 else f"{line.line}/{seen[key]}"
        found.append(msgspec.structs.replace(line, line=name))
    return tuple(found)


def number(record: bytes) -> str | None:
    """Return shop and day, whatever else is wrong with the rows."""
    try:
        sent = _read(record)
        row = dict(zip(sent.columns, sent.rows[0], strict=False))
        return _name(row, _day(row.get("day", "")))
    except (Rejected, LookupError):
        return None


ADAPTER = Adapter(
    label="SEEN",
    transports=("import", "push"),
    transaction_is="the shop's day: a report of it that comes later replaces it whole",
    split=split,
    parse=parse,
    number=number,
    about=About(
        name="Datanova",
        delivers={
            "transaction": "SEEN",
            "sold_at": "SEEN",
            "line": "SEEN",
            "kind": "ASSUMED",
            "ticket_type": "SEEN",
            "quantity": "SEEN",
            "amount": "ASSUMED",
            "performance.venue": "SEEN",
        },
        money=(
            "kroner with a decimal comma, of the article's day with VAT, in the column Oms. "
            "etter rab. (ASSUMED); without it prices of the register times the count, else 0"
        ),
        times="a bare date: month first with slashes, day first with points (SEEN)",
        refunds=(
            "a negative count or amount is a return, the sign applied once (ASSUMED); what was "
            "returned on a day is within its total"
        ),
        exchanges="within the totals, nothing tells them",
        versions=(
            "none: a shop's day that comes later replaces it whole, with the articles that it "
            "no longer has"
        ),
        authentication=(
            "none: a report, which is downloaded on the house's own network and imported, or "
            "sent signed as the open standard is"
        ),
        configure=(
            "items in the register, by Varenr. or Varenavn, else everything is other; prices, a "
            "table of amounts by Varenr., where the report has none"
        ),
        verify=(
            "which columns the report has, and whether Oms. etter rab. is with VAT",
            "that a report always holds a day whole: a part of it would replace the day",
            "what a return looks like",
            "how many people a family article admits",
        ),
        cannot_say={
            "fee": "a day's total has no fees: what is charged is an article",
            "foreign": "a day's total tells of no customer at all",
            "exchange": "a day's total tells what was sold, and of no exchange",
        },
    ),
)
