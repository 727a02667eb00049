"""What is written for MarketHype's import is what our own reading of it reads again."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from kudos.cli.standard import command
from services.ingest.adapters.base import Person, Sale
from services.ingest.sources import SOURCES
from tests.support.origin import origin

KARI = {"number": "77", "given_name": "Ingvild", "family_name": "Moe", "email": "i@moe.no"}


def line(number: str, **more: Any) -> dict[str, Any]:
    """Return a line of the open standard."""
    return {"line": number, "kind": "sale", "quantity": 2, "unit_price": "199.50"} | more


def sale(number: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a transaction of the open standard."""
    sold = {"transaction": number, "version": 1, "sold_at": "2026-05-17T18:03:11+02:00"}
    return sold | {"customer": KARI, "lines": lines} | more


def converted(folder: Path, kind: str, *sales: object) -> Result:
    (folder / "sales.json").write_text(json.dumps(sales), "utf-8")
    return CliRunner().invoke(
        command, ["convert", str(folder / "sales.json"), "--to", f"markethype-{kind}"]
    )


def again(written: str) -> list[Any]:
    """Return what the adapter reads of what was *written*, orders as sales."""
    adapter, whose = SOURCES["markethype"], origin("markethype", own={"orders": "sales"})
    records = adapter.split(written.encode())
    return [one for record in records for one in adapter.parse(record, whose)]


SHOW = {"id": "P-1", "starts_at": "2026-06-01", "production": "Vildanden", "venue": "Lillesalen"}


def test_orders_are_read_again_as_they_were_sold(tmp_path: Path) -> None:
    told = converted(
        tmp_path,
        "orders",
        sale("1", line("1", performance=SHOW, ticket_type="Student"), line("2", quantity=0)),
        sale("2", line("1", discount="40.00"), sold_at="2026-05-17", customer=None),
        sale("3", line("1")),
    )
    assert 0 == told.exit_code, told.output
    sales = [one.transaction for one in again(told.output) if isinstance(one, Sale)]
    assert ["1", "2", "3"] == [one.transaction for one in sales]
    assert [(2, 39_900), (0, 0)] == [(x.quantity, x.amount_minor) for x in sales[0].lines]
    assert [35_900] == [x.amount_minor for x in sales[1].lines]
    assert [False, True] == [one.sold_is_date for one in sales[:2]]
    show = sales[0].lines[0].performance
    assert show is not None
    assert ("P-1", True, "Vildanden") == (show.performance, show.starts_is_date, show.production)


def test_what_is_left_of_a_refund_is_written_and_of_nothing_a_withdrawal(tmp_path: Path) -> None:
    back = {"kind": "refund", "quantity": 1}
    told = converted(
        tmp_path,
        "orders",
        sale("1", line("1"), line("1", **back)),
        sale("2", line("1"), line("1", kind="refund")),
    )
    assert 0 == told.exit_code, told.output
    part, whole = json.loads(told.output)["orders"]
    assert ([1], None) == ([x["quantity"] for x in part["lines"]], part.get("withdrawn"))
    assert ([], True) == (whole["lines"], whole["withdrawn"])
    assert "i@moe.no" == whole["contact"]["emails"][0]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([line("1", kind="refund")], "a refund of what is not sold in it"),
        ([line("1"), line("1", kind="refund", quantity=3)], "more is given back than was sold"),
        ([line("1", quantity=3, unit_price=None, amount="100.00")], "does not part"),
        ([line("1", quantity=0, unit_price=None, amount="100.00")], "does not part"),
        ([line("1", unit_price="Ingvild")], "expected an amount"),
    ],
)
def test_what_cannot_be_said_refuses_the_whole_and_names_nobody(
    tmp_path: Path, lines: list[dict[str, Any]], why: str
) -> None:
    told = converted(tmp_path, "orders", sale("1", line("1")), sale("2", *lines))
    assert 1 == told.exit_code
    assert "record 2: " in told.output
    assert why in told.output
    assert "Ingvild" not in told.output


def test_contacts_are_written_once_and_not_of_who_said_no(tmp_path: Path) -> None:
    other = {"given_name": "Odd", "email": "odd@lie.no", "consents": {"statistics": False}}
    told = converted(
        tmp_path,
        "contacts",
        sale("1", line("1")),
        sale("2", line("1")),
        sale("3", line("1"), customer=other),
        sale("4", line("1"), customer={"email": ""}),
    )
    assert 0 == told.exit_code, told.output
    [person] = again(told.output)
    assert isinstance(person, Person)
    known = msgspec.to_builtins(person.customer)
    assert KARI == known
    assert "odd@lie.no" not in told.output
