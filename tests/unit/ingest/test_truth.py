"""What the adapters make of a simulated season's payloads is what its truth says, line by line."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from kudos.register import Feed, Organisation
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin, Sale
from simulation.accounts import Account
from simulation.houses import HOUSES
from simulation.orders import Document
from simulation.requests import body
from simulation.systems import SYSTEMS
from simulation.truth import Truth, figures
from simulation.vendors import VENDORS
from simulation.world import World

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
HOUSE = {house.id: house for house in HOUSES}
#: Who sell the most; every version of what the rest tell is tried in tests of the simulation.
LARGE = frozenset({"homemade", "tixly", "hoopla"})
#: What of a line the vendors' payloads can tell, by the names of the truth.
COLUMNS = (
    "organisation",
    "vendor",
    "order",
    "transaction",
    "line",
    "kind",
    "item",
    "quantity",
    "amount_minor",
    "discount_minor",
    "fee_minor",
    "currency",
    "at",
    "at_is_date",
    "sold_at",
    "channel",
    "ticket_type",
    "production",
    "venue",
    "genre",
    "performance_starts_at",
    "customer_record",
)


def origin(house: str, vendor: str) -> Origin:
    known = HOUSE[house]
    return Origin(
        Organisation(
            known.id,
            known.id,
            "annet",
            known.county,
            known.id,
            known.city,
            currency=known.currency,
        ),
        Feed(vendor, items=SYSTEMS[vendor].items),
    )


class Season:
    """The last version of everything, in requests as the courier makes them, and the truth."""

    def __init__(self) -> None:
        truth = Truth()
        self.documents: dict[tuple[str, str, str], Document] = {}
        for told in World(11, UNTIL, people=2_000).season(5_000):
            truth.add(told)
            self.documents |= {document.key: document for document in told.documents}
        receipts = {
            (*document.key, line.line): UNTIL
            for document in self.documents.values()
            for line in document.lines
            if line.undated
        }
        self.lines = truth.lines(receipts)

    def parsed(self) -> Iterator[tuple[Origin, Sale]]:
        by_feed: dict[tuple[str, str], list[Document]] = {}
        for document in self.documents.values():
            by_feed.setdefault((document.house, document.vendor), []).append(document)
        for (house, vendor), documents in by_feed.items():
            adapter, whose = ADAPTERS[vendor], origin(house, vendor)
            for begin in range(0, len(documents), 7):
                some = documents[begin : begin + 7]
                records = adapter.split(body(vendor, some, begin % 3)[1])
                assert len(some) == len(records)
                for document, record in zip(some, records, strict=True):
                    assert document.transaction == adapter.number(record)
                    (sale,) = adapter.parse(record, whose)
                    assert isinstance(sale, Sale)
                    yield whose, sale


@pytest.fixture(scope="module")
def season() -> Season:
    return Season()


@pytest.fixture(scope="module")
def parsed(season: Season) -> pl.DataFrame:
    rows = [row for whose, sale in season.parsed() for row in rows_of(whose, sale)]
    schema = {name: season.lines.schema[name] for name in (*COLUMNS, "vat_rate")}
    return pl.DataFrame(rows, schema=schema)


def rows_of(whose: Origin, sale: Sale) -> Iterator[dict[str, Any]]:
    sold = sale.transaction
    for line in sold.lines:
        at, played = line.at or UNTIL, line.performance
        yield {
            "organisation": whose.organisation.id,
            "vendor": whose.feed.id,
            "order": sold.order,
            "transaction": sold.transaction,
            "line": line.line,
            "kind": line.kind,
            "item": line.item,
            "quantity": line.quantity,
            "amount_minor": line.amount_minor,
            "discount_minor": line.discount_minor,
            "fee_minor": line.fee_minor,
            "vat_rate": line.vat_rate,
            "currency": sold.currency,
            "at": at,
            "at_is_date": line.at_is_date,
            "sold_at": sold.sold_at,
            "channel": sold.channel,
            "ticket_type": line.ticket_type,
            "production": played and played.production,
            "venue": played and played.venue,
            "genre": played and played.genre,
            "performance_starts_at": played and played.starts_at,
            "customer_record": record_of(sale),
        }


def record_of(sale: Sale) -> str | None:
    """Return the customer record by the simulation's own rule, of what the adapter read."""
    who = sale.customer
    if who is None:
        return None
    phone = (who.phone or "").replace(" ", "")
    return Account(
        person=0,
        number=who.number,
        given_name=who.given_name,
        family_name=who.family_name,
        email=(who.email or "").lower() or None,
        phone=(phone if phone.startswith("+") else f"+47{phone}") if phone else None,
        street=who.street,
        postal_code=who.postal_code,
        birth_date=who.birth_date,
        consent=who.consents.statistics,
    ).record


def known(lines: pl.DataFrame, vendor: str) -> Counter[tuple[Any, ...]]:
    """Return the lines of *vendor* as a multiset; Tixly numbers its lines as its rows."""
    one = lines.filter(pl.col("vendor") == vendor)
    if vendor == "tixly":
        one = one.with_columns(line=pl.lit(""))
    if vendor == "hoopla":
        # a ticket's number holds the purchase's and the line's
        one = one.with_columns(line=pl.col("line").str.slice(-4).str.strip_chars_start("0"))
    return Counter(one.select(COLUMNS).rows())


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_line_is_the_truths(season: Season, parsed: pl.DataFrame, vendor: str) -> None:
    expected, found = known(season.lines, vendor), known(parsed, vendor)
    assert expected.total() > (700 if vendor in LARGE else 20)
    assert Counter() == expected - found
    assert Counter() == found - expected


def test_the_open_standard_keeps_the_rate_of_vat(season: Season, parsed: pl.DataFrame) -> None:
    told = pl.col("vendor") == "homemade"
    rates = [
        Counter(table.filter(told).select("transaction", "line", "vat_rate").rows())
        for table in (season.lines, parsed)
    ]
    assert rates[0] == rates[1]
    assert len({rate for _, _, rate in rates[0]}) > 2


def test_sums_by_organisation_are_the_truths(season: Season, parsed: pl.DataFrame) -> None:
    local = pl.col("at").dt.convert_time_zone("Europe/Oslo")
    expected = figures(season.lines)
    assert expected.equals(figures(parsed.with_columns(day=local.dt.date())))
    assert len(expected) > 400
