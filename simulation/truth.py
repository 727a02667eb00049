"""The truth: what stands in the end, as tables, whatever way it was delivered."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from kudos.register import OSLO
from simulation.courier import Counts, Receipts
from simulation.customers import Customers
from simulation.orders import Document, Line
from simulation.people import People
from simulation.world import Told

_TEXT, _WHOLE = pl.String(), pl.Int64()
_TIME = pl.Datetime("us", "UTC")

#: A line that stands; text that the vendor cannot tell is null. ``at`` of a bare date is its
#: midnight, of a refund whose time nobody tells when it was first acknowledged.
LINES: dict[str, Any] = {
    "organisation": _TEXT,
    "vendor": _TEXT,
    "order": _TEXT,
    "transaction": _TEXT,
    "line": _TEXT,
    "kind": _TEXT,
    "item": _TEXT,
    "quantity": _WHOLE,
    "amount_minor": _WHOLE,
    "discount_minor": _WHOLE,
    "fee_minor": _WHOLE,
    "vat_rate": _WHOLE,
    "currency": _TEXT,
    "at": _TIME,
    "at_is_date": pl.Boolean(),
    "undated": pl.Boolean(),  # nobody tells when it was: the day of ``at`` is its day, no hour is
    "sold_at": _TIME,
    "channel": _TEXT,
    "ticket_type": _TEXT,
    "production": _TEXT,
    "venue": _TEXT,
    "genre": _TEXT,
    "performance_starts_at": _TIME,
    "customer_record": _TEXT,
    "person": _WHOLE,
    "customer": _WHOLE,  # of CUSTOMERS; null where nobody is known by what came
    "postal_code": _TEXT,  # the order's own; null where the customer said no
    "country": _TEXT,
}
PEOPLE: dict[str, Any] = {
    "person": _WHOLE,
    "given_name": _TEXT,
    "family_name": _TEXT,
    "gender": _TEXT,
    "birth_date": pl.Date(),
    "email": _TEXT,
    "phone": _TEXT,
    "street": _TEXT,
    "postal_code": _TEXT,
    "country": _TEXT,
}
_CHUNK = 20_000
_GIFTS = ("gift_card", "donation", "season_pass_use")


class Truth:
    """Collects what stands of every order, in tables of some thousand lines."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._chunks: list[pl.DataFrame] = []
        #: Lines that cannot be dated before they were delivered.
        self._undated: list[tuple[Document, Line]] = []
        self._people: set[int] = set()
        self.told = Customers()
        self.orders = self.transactions = 0

    def add(self, told: Told) -> None:
        """Note what stands of an order: of each transaction the newest version."""
        standing = {document.key: document for document in told.documents}
        self.orders += 1
        self.transactions += len(standing)
        self.told.add(told)
        for document in standing.values():
            if document.account is not None:
                self._people.add(document.account.person)
            for line in document.lines:
                if line.undated:
                    self._undated.append((document, line))
                else:
                    self._rows.append(self._row(document, line, line.at or document.sold_at))
        if len(self._rows) >= _CHUNK:
            self._pack()

    def lines(self, receipts: Receipts) -> pl.DataFrame:
        """Return every line that stands, with its local day; *receipts* date undated refunds."""
        late = [
            self._row(document, line, receipts[*document.key, line.line])
            for document, line in self._undated
            if (*document.key, line.line) in receipts
        ]
        self._pack()
        table = pl.concat([*self._chunks, _table(late, LINES)])
        local = pl.col("at").dt.convert_time_zone(OSLO.key)
        return table.with_columns(day=local.dt.date())

    def people(self, people: People) -> pl.DataFrame:
        """Return everybody who stands in the lines."""
        rows = [
            tuple(getattr(people[n], "number" if name == "person" else name) for name in PEOPLE)
            for n in sorted(self._people)
        ]
        return _table(rows, PEOPLE)

    def _row(self, document: Document, line: Line, at: datetime) -> tuple[Any, ...]:
        known = document.account
        if known is None or known.consent is False:
            return (*_row(document, line, at), None, None, None)
        customer = self.told.of((document.house, document.vendor), known)
        return (*_row(document, line, at), customer, known.postal_code, known.country)

    def _pack(self) -> None:
        self._chunks.append(_table(self._rows, LINES))
        self._rows = []


def _row(document: Document, line: Line, at: datetime) -> tuple[Any, ...]:
    played, account = line.performance, document.account
    return (
        document.house,
        document.vendor,
        document.order,
        document.transaction,
        line.line,
        line.kind,
        line.item,
        line.quantity,
        line.amount_minor,
        line.discount_minor,
        line.fee_minor,
        line.vat_rate,
        document.currency,
        at.astimezone(UTC),
        document.sold_is_date and not line.undated,
        line.undated,
        document.sold_at,
        document.channel,
        line.ticket_type,
        (played and played.production) or None,
        (played and played.venue) or None,
        (played and played.genre) or None,
        (played and played.starts_at and played.starts_at.astimezone(UTC)) or None,
        account and account.record,
        account and account.person,
    )


def _table(rows: list[tuple[Any, ...]], columns: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns, orient="row")


def figures(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the plain figures of every organisation, in all and by month of the lines' days."""
    month = pl.col("day").dt.strftime("%Y-%m")
    by_month = _sums(lines.with_columns(period=month))
    return pl.concat([_sums(lines.with_columns(period=pl.lit("all"))), by_month]).sort(
        "organisation", "period", "currency"
    )


def _sums(lines: pl.DataFrame) -> pl.DataFrame:
    sale = pl.col("kind") == "sale"
    ticket = pl.col("item") == "ticket"
    revenue = (pl.col("amount_minor") - pl.col("discount_minor")) * ~pl.col("item").is_in(_GIFTS)
    sign = pl.when(sale).then(1).otherwise(-1)
    # two systems of one house number alike
    order = pl.struct("vendor", "order").filter(sale)
    record = pl.struct("vendor", "customer_record").filter(
        sale & pl.col("customer_record").is_not_null()
    )
    return lines.group_by("organisation", "period", "currency").agg(
        orders=order.n_unique(),
        tickets=pl.col("quantity").filter(sale & ticket).sum(),
        refunded_tickets=pl.col("quantity").filter(~sale & ticket).sum(),
        gross_revenue=revenue.filter(sale).sum(),
        net_revenue=(revenue * sign).sum(),
        fees=(pl.col("fee_minor") * sign).sum(),
        customer_records=record.n_unique(),
    )


def tables(
    truth: Truth, people: People, receipts: Receipts, counts: Mapping[tuple[str, str], Counts]
) -> dict[str, pl.DataFrame]:
    """Return all tables of the truth by their names."""
    lines = truth.lines(receipts)
    sent = [
        {"organisation": house, "vendor": vendor} | msgspec.to_builtins(count)
        for (house, vendor), count in sorted(counts.items())
    ]
    return {
        "lines": lines,
        "people": truth.people(people),
        "customers": truth.told.table(),
        "statements": truth.told.statements(),
        "figures": figures(lines),
        "deliveries": pl.DataFrame(sent),
    }


def write(found: Mapping[str, pl.DataFrame], path: Path) -> list[Path]:
    """Write the tables, and return where: ``x.json`` holds all; else Parquet.

    ``x.parquet`` holds the lines, and the others stand beside it as ``x.people.parquet`` …; of a
    directory each is a file.
    """
    if path.suffix == ".json":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode({name: t.to_dicts() for name, t in found.items()}))
        return [path]
    places = dict(_places(found, path))
    for name, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        found[name].write_parquet(place)
    return list(places.values())


def _places(found: Mapping[str, pl.DataFrame], path: Path) -> Iterator[tuple[str, Path]]:
    for name in found:
        if path.suffix != ".parquet":
            yield name, path / f"{name}.parquet"
        elif name == "lines":
            yield name, path
        else:
            yield name, path.with_name(f"{path.stem}.{name}.parquet")
