"""What the vendors' payloads say, added up by hand, is what the truth says."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from simulation.orders import Document
from simulation.requests import body
from simulation.truth import Truth, figures
from simulation.world import World
from tests.support.oracle import Oracle

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
REVENUE = {"ticket", "season_pass", "merchandise", "food", "other"}


class Season:
    """A season, its truth and the documents that stand in the end."""

    def __init__(self) -> None:
        truth = Truth()
        self.standing: dict[tuple[str, str, str], Document] = {}
        for told in World(5, UNTIL, people=2_000).season(6_000):
            truth.add(told)
            self.standing |= {document.key: document for document in told.documents}
        receipts = {
            (*document.key, line.line): UNTIL
            for document in self.standing.values()
            for line in document.lines
            if line.undated
        }
        self.lines = truth.lines(receipts)

    def payloads(self, vendor: str) -> Iterable[dict[str, Any]]:
        for document in self.standing.values():
            if document.vendor == vendor:
                _, text = body(vendor, [document], 0)
                yield json.loads(text, parse_float=Decimal)


@pytest.fixture(scope="module")
def season() -> Season:
    return Season()


def sums(lines: pl.DataFrame, vendor: str) -> dict[str, int]:
    one = lines.filter(pl.col("vendor") == vendor)
    sold = pl.col("kind") == "sale"
    paid = pl.col("amount_minor") - pl.col("discount_minor")
    counted = pl.col("item").is_in(list(REVENUE))
    row = one.select(
        tickets=pl.col("quantity").filter(sold & (pl.col("item") == "ticket")).sum(),
        gross=paid.filter(sold & counted).sum(),
        refunded=paid.filter(~sold & counted).sum(),
        fees=pl.col("fee_minor").filter(sold).sum(),
    )
    return {name: int(value) for name, value in row.row(0, named=True).items()}


def test_of_the_open_standard(season: Season) -> None:
    found: Counter[str] = Counter()
    for payload in season.payloads("homemade"):
        for line in payload["lines"]:
            count, kind = line["quantity"], line["kind"]
            whole = Decimal(line.get("amount") or Decimal(line["unit_price"]) * count)
            paid = int((whole - Decimal(line.get("discount", "0"))) * 100)
            if line["item"] in REVENUE:
                found["gross" if kind == "sale" else "refunded"] += paid
            if kind == "sale":
                found["fees"] += int(Decimal(line.get("fee", "0")) * 100)
                found["tickets"] += count if line["item"] == "ticket" else 0
    assert sums(season.lines, "homemade") == found


def test_of_tixly(season: Season) -> None:
    found: Counter[str] = Counter()
    for row in season.payloads("tixly"):
        count = row["TicketCount"]
        paid = int(row["Price"] * abs(count) * 100)
        found["gross" if count > 0 else "refunded"] += paid
        if count > 0:
            found["tickets"] += count
            found["fees"] += int(row["Fee"] * 100)
    assert sums(season.lines, "tixly") == found


def test_of_hoopla(season: Season) -> None:
    found: Counter[str] = Counter()
    for purchase in season.payloads("hoopla"):
        assert purchase["amount"] == sum(ticket["price"] for ticket in purchase["tickets"])
        for ticket in purchase["tickets"]:
            found["tickets"] += 1
            found["gross"] += ticket["price"]
            found["fees"] += ticket["fee"]
            found["refunded"] += ticket["price"] if ticket["is_revoked"] else 0
    assert sums(season.lines, "hoopla") == found


def test_says_of_a_vendor_only_what_its_payload_can_tell(season: Season) -> None:
    known = season.lines.group_by("vendor").agg(
        pl.col("production").count(),
        pl.col("venue").count(),
        pl.col("performance_starts_at").count(),
    )
    told = {
        vendor: (production > 0, venue > 0, at > 0)
        for vendor, production, venue, at in known.rows()
    }
    assert told == {
        "homemade": (True, True, True),
        "tixly": (False, False, False),
        "hoopla": (True, False, True),
        "ticketco": (True, False, True),
        "eventim": (True, True, True),
        "ticketmaster": (False, False, False),
        "ebillett": (True, True, True),
        "dx": (True, True, True),
        "tessitura": (True, True, True),
        "trekksoft": (True, False, False),  # a museum: its own has no times
        "businesscentral": (False, False, False),
        "duell": (False, False, False),
        "pckasse": (False, False, False),
        "datanova": (False, True, False),
        "saft": (False, True, False),
    }


def test_every_form_of_a_request_holds_the_same_records(season: Season) -> None:
    for vendor in ("homemade", "tixly", "hoopla"):
        documents = [d for d in season.standing.values() if d.vendor == vendor][:3]
        for form in range(3):
            kind, text = body(vendor, documents, form)
            if kind == "application/x-ndjson":
                records = [json.loads(line) for line in text.splitlines()]
            else:
                whole = json.loads(text)
                records = whole["Data"] if isinstance(whole, dict) else whole
            assert 3 == len(records), (vendor, form)


def test_figures_of_two_ways_agree(season: Season) -> None:
    oracle = Oracle(season.lines)
    cells, currencies = cache(oracle.cells), cache(oracle.currencies)
    compared = 0
    for row in figures(season.lines).iter_rows(named=True):
        period = "2025-01-01..2026-12-31" if row["period"] == "all" else row["period"]
        money = cells(period)[row["organisation"], "net_revenue"]
        assert row["net_revenue"] == money[row["currency"],]
        if len(currencies(row["organisation"])) == 1:
            orders = cells(period)[row["organisation"], "orders"]
            assert row["orders"] == orders[None,]
            compared += 1
    assert compared > 300
