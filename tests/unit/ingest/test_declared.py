"""What the register says of a vendor's codes goes before what is assumed of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from kudos.errors import Rejected
from kudos.records import Transaction
from services.ingest.adapters import ADAPTERS, declared
from services.ingest.adapters.base import Ignored, Parsed, Sale
from tests.support.origin import origin

FIXTURES = Path(__file__).parent / "fixtures"


def order(vendor: str) -> dict[str, Any]:
    """Return the vendor's plain order."""
    body = (FIXTURES / vendor / "order.json").read_bytes()
    found: dict[str, Any] = json.loads(ADAPTERS[vendor].split(body)[0])
    return found


def parsed(vendor: str, record: dict[str, Any], **own: Any) -> Parsed:
    return ADAPTERS[vendor].parse(json.dumps(record).encode(), origin(vendor, own=own))


def transaction(vendor: str, record: dict[str, Any], **own: Any) -> Transaction:
    (sale,) = parsed(vendor, record, **own)
    assert isinstance(sale, Sale)
    return sale.transaction


@pytest.mark.parametrize("vendor", ["ticketco", "eventim", "trekksoft"])
def test_a_status_that_nobody_declared_is_rejected_until_the_register_says_it(vendor: str) -> None:
    record = order(vendor) | {"status": "Q7"}
    with pytest.raises(Rejected, match=r"\$\.status: not among the statuses"):
        parsed(vendor, record)
    kinds = {
        word: [line.kind for line in transaction(vendor, record, statuses={"Q7": word}).lines]
        for word in ("sold", "refunded")
    }
    assert {"sale"} == set(kinds["sold"])
    assert kinds["refunded"] == [kind for _ in kinds["sold"] for kind in ("sale", "refund")]
    for word in ("draft", "test"):
        assert [Ignored(word)] == list(parsed(vendor, record, statuses={"Q7": word}))


def test_the_register_goes_before_what_is_assumed() -> None:
    record = order("ticketco") | {"status": "cancelled"}
    assert 2 == len(transaction("ticketco", record).lines)
    assert 1 == len(transaction("ticketco", record, statuses={"cancelled": "sold"}).lines)


@pytest.mark.parametrize("own", [{"statuses": {"paid": "refuned"}}, {"money_unit": "ore"}])
def test_a_slip_in_the_register_is_never_guessed_away(own: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        parsed("ticketco", order("ticketco"), **own)


def test_statuses_that_are_numbers_are_named_as_text() -> None:
    record = order("tessitura")
    for sub in record["Products"][0]["Performance"]["LineItem"]["SubLineItems"]:
        sub["StatusId"] = 77
    found = transaction("tessitura", record, statuses={"77": "sold"})
    assert ["sale", "sale"] == [line.kind for line in found.lines]


def test_ticketcos_amounts_may_be_in_oere() -> None:
    record = order("ticketco") | {"gross": 42050, "fee": "1500", "discount": 50}
    (line,) = transaction("ticketco", record, money_unit="minor").lines
    assert (42_050, 1_500, 50) == (line.amount_minor, line.fee_minor, line.discount_minor)
    with pytest.raises(Rejected):
        parsed("ticketco", record | {"gross": 420.5}, money_unit="minor")


def test_channels_are_the_registers_else_those_that_are_known_else_other() -> None:
    known: dict[str, Any] = {"web": "web"}
    whose = origin("tessitura", own={"channels": {"9": "agent", "Kiosk": "till", "Web": "nowhere"}})
    assert ["agent", "till", "web", "other", "other"] == [
        declared.channel(names, known, whose)
        for names in (("9", "Web"), ("8", "Kiosk"), ("8", "WEB"), (None, None), ("8", "?"))
    ]
