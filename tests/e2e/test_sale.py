"""One sale goes the whole way, from a push to a figure on the page."""

import csv
import io
import time
from typing import Any

import polars as pl
import pytest

from tests.support.shared import beside
from tests.support.system import Running

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

HOUSE = "provehuset"


def sale(number: str, version: int, *lines: dict[str, Any], sold_at: str) -> dict[str, Any]:
    return {"transaction": number, "version": version, "sold_at": sold_at, "lines": list(lines)}


def ticket(line: str, price: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"line": line, "kind": "sale", "quantity": quantity, "unit_price": price} | more


def values(system: Running, period: str, **of: str) -> dict[str, Any]:
    """Return measures of the house in a period; each has one cell."""
    found = {}
    for measure in ("orders", "tickets", "refunded_tickets", "net_revenue", "fees", *of.values()):
        [cell] = system.cells(HOUSE, measure, period)
        found[measure] = cell["value"]
    return found


def test_a_push_becomes_a_figure_and_a_newer_version_replaces_it(system: Running) -> None:
    day = "2021-03-05"
    at = f"{day}T12:00:00Z"
    first = sale("S-1", 1, ticket("1", "350.00", 2, fee="20.00"), ticket("2", "99.50"), sold_at=at)
    answer = system.push("homemade", HOUSE, first)
    assert 202 == answer.status_code
    receipt = answer.json()
    assert {"accepted": 1, "dead": 0, "ignored": 0} == {
        name: receipt[name] for name in ("accepted", "dead", "ignored")
    }
    assert receipt["receipt"]
    system.wait_until_counted()
    told = {
        "orders": 1,
        "tickets": 3,
        "refunded_tickets": 0,
        "net_revenue": 79_950,
        "fees": 2000,
    }
    assert told == values(system, day)
    # a line is dropped, another moves to the next day
    moved = ticket("1", "350.00", 2, fee="20.00", at="2021-03-06T12:00:00Z")
    system.push("homemade", HOUSE, sale("S-1", 3, moved, sold_at=at))
    # what is older comes too late, what is equal changes nothing
    system.push("homemade", HOUSE, sale("S-1", 2, ticket("1", "1.00"), sold_at=at))
    system.push("homemade", HOUSE, sale("S-1", 3, moved, sold_at=at))
    system.wait_until_counted()
    nothing = dict.fromkeys(told, 0)
    assert nothing == values(system, day)
    assert nothing | {"orders": 1, "tickets": 2, "net_revenue": 70_000, "fees": 2000} == values(
        system, "2021-03-06"
    )


def test_the_published_samples_go_in_as_they_are(system: Running) -> None:
    purchase = beside("vendors/samples/hoopla/purchase.json").read_bytes()
    reservation = beside("vendors/samples/hoopla/reservation.json").read_bytes()
    sales = beside("vendors/reconstructed/tixly/events_sales_page.json").read_bytes()
    customers = beside("vendors/reconstructed/tixly/customers_page.json").read_bytes()
    receipts = [
        system.push(vendor, HOUSE, body).json()
        for vendor, body in (
            ("hoopla", purchase),
            ("hoopla", reservation),
            ("tixly", sales),
            ("tixly", customers),
        )
    ]
    assert [(1, 0, 0), (0, 0, 1), (3, 0, 0), (0, 0, 1)] == [
        (r["accepted"], r["dead"], r["ignored"]) for r in receipts
    ]
    system.wait_until_counted()
    one = {"orders": 1, "tickets": 1, "refunded_tickets": 0, "net_revenue": 1000, "fees": 1500}
    assert one == values(system, "2014-07-22")
    assert {
        "orders": 1,
        "tickets": 2,
        "refunded_tickets": 0,
        "net_revenue": 67_500,
        "fees": 5000,
    } == values(system, "2026-09-03")
    assert {
        "orders": 0,
        "tickets": 0,
        "refunded_tickets": 1,
        "net_revenue": -22_500,
        "fees": 0,
    } == values(system, "2026-09-10")


def test_live_moves_within_seconds(system: Running) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    before = system.get("/v1/live", HOUSE)
    begun = time.time()
    system.push("homemade", HOUSE, sale("L-1", 1, ticket("1", "100.00", 4), sold_at=now))
    accepted = time.time()
    system.wait_until_counted(accepted)
    assert time.time() - begun < 15
    after = system.get("/v1/live", HOUSE)
    assert 4 == sum(m["tickets"] for m in after["minutes"]) - sum(
        m["tickets"] for m in before["minutes"]
    )


def test_a_figure_as_csv_and_parquet(system: Running) -> None:
    asked = {"measure": "net_revenue", "scope": f"organisation:{HOUSE}", "period": "2021"}
    bearer = system.bearer(HOUSE)
    text = system.query.get(
        "/v1/figures", params=asked, headers=bearer | {"Accept": "text/csv"}
    ).text
    [row] = csv.DictReader(io.StringIO(text))
    parquet = system.query.get(
        "/v1/figures", params=asked | {"format": "parquet"}, headers=bearer
    ).content
    table = pl.read_parquet(io.BytesIO(parquet))
    [cell] = system.cells(HOUSE, "net_revenue", "2021")
    assert (str(cell["value"]), "NOK") == (row["value"], row["currency"])
    assert [cell["value"]] == table["value"].to_list()


def test_one_organisation_sees_nothing_of_another(system: Running) -> None:
    for path in ("/v1/figures", "/v1/live"):
        asked = {"measure": "orders", "scope": "organisation:hovedstadens-scene", "period": "2026"}
        answer = system.query.get(path, params=asked, headers=system.bearer(HOUSE))
        assert path == "/v1/live" or 403 == answer.status_code
        assert "hovedstadens" not in answer.text
    assert 401 == system.query.get("/v1/figures").status_code


@pytest.mark.parametrize(
    "asked",
    [
        {"measure": "retention_12"},
        {"by": "age_band"},
        {"scope": "network", "by": "venue"},
        {"scope": "industry:opera"},
        {"measure": "index"},
    ],
)
def test_what_is_not_there_yet_is_refused_with_what_may_be_asked(
    system: Running, asked: dict[str, str]
) -> None:
    question = {"measure": "orders", "scope": f"organisation:{HOUSE}", "period": "2026"} | asked
    answer = system.query.get("/v1/figures", params=question, headers=system.bearer(HOUSE))
    assert answer.status_code in {400, 403, 404, 422}
    assert "application/problem+json" == answer.headers["content-type"]
    assert {"type", "title", "status", "detail"} <= answer.json().keys()
