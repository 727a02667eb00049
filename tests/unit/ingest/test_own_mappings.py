"""What an operator corrects or adds: a file beside the register, and no code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kudos.cli import organisations, vendors
from kudos.errors import Misconfigured, Rejected
from kudos.register import WatchedRegister
from services.ingest.adapters import ADAPTERS, mappings
from services.ingest.adapters.base import Adapter, Sale
from services.ingest.adapters.mapped import adapter, shares
from services.ingest.vendors import adapters
from tests.support.origin import origin

SHIPPED = Path(mappings.__file__).parent
FIXTURES = Path(__file__).parent / "fixtures"
REGISTER = """
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "tikkio"
  [[organisation.vendor]]
  id = "billettmann"
"""


def place(folder: Path, vendor: str, text: str) -> Path:
    """Write a mapping of *vendor* beside a register; return the register's path."""
    register = folder / "organisations.toml"
    register.write_text(REGISTER, "utf-8")
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / f"{vendor}.toml").write_text(text, "utf-8")
    return register


def shipped(vendor: str) -> str:
    return (SHIPPED / f"{vendor}.toml").read_text("utf-8")


def sold(one: Adapter, vendor: str, record: object) -> Sale:
    """Return the sale that *record* holds."""
    (sale,) = one.parse(json.dumps(record).encode(), origin(vendor))
    assert isinstance(sale, Sale)
    return sale


def test_an_operator_corrects_a_file_and_not_code(tmp_path: Path) -> None:
    order = json.loads((FIXTURES / "tikkio" / "order.json").read_text("utf-8"))
    order["tickets"] = [{"id": "t-1", "typ": "Student", "quantity": 1, "price_ore": 22_000}]
    order |= {"total": None, "state": "Settled", "status": "7"}
    with pytest.raises(Rejected, match="status"):
        sold(ADAPTERS["tikkio"], "tikkio", order)
    text = shipped("tikkio").replace('"status|event"', '"state"').replace("paid =", "settled =")
    text = text.replace('ticket_type = "type"', 'ticket_type = "typ"')
    own = adapters(place(tmp_path, "tikkio", text.replace('"price"', '"price_ore"')))["tikkio"]
    (line,) = sold(own, "tikkio", order).transaction.lines
    assert ("Student", 2_200_000) == (line.ticket_type, line.amount_minor)
    assert ADAPTERS["tixly"] is adapters(tmp_path / "organisations.toml")["tixly"]


def test_a_wrong_file_says_which_and_where(tmp_path: Path) -> None:
    for text, what in (
        ("[records", "tikkio.toml"),
        (shipped("tikkio").replace("sold_at =", "sold_when ="), "fields: sold_when is no field"),
        (shipped("tikkio").replace('= "created"', '= ["created", "id"]'), None),
        (shipped("tikkio").replace('"order_id"', '"^order_id"'), "only a line's may be"),
        (shipped("tikkio").replace('"order_id"', '"order..id"'), "names with dots between"),
        (shipped("tikkio").replace('paid = "sale"', 'paid = "sold"'), "status.words"),
        (shipped("tikkio").replace('lines = "tickets"', ""), "lines"),
        (shipped("tikkio").replace("quantity =", "ticket ="), "ticket is no field"),
        (shipped("tikkio").replace('channel = "web"\n', 'channel = "net"\n'), "constants"),
    ):
        register = place(tmp_path, "tikkio", text)
        if what is None:
            assert adapters(register)
            continue
        with pytest.raises(Misconfigured, match=what):
            adapters(register)
    with pytest.raises(Misconfigured, match="its name is no vendor's"):
        adapters(place(tmp_path, "dnb", shipped("tikkio")))


#: A system that is on no list: what the recipe of CONTRIBUTING asks for, and nothing else.
BILLETTMANN = """
[vendor]
name = "Billettmann"
transaction_is = "the receipt, kvittering"
[records]
lines = "poster"
decimal = ","
thousands = " "
dates = ["%d.%m.%y", "%d.%m.%y %H:%M"]
pages = ["kvitteringer"]
[status]
path = "art"
[status.words]
salg = "sale"
kreditering = "credit"
kladd = "draft"
[fields]
transaction = "kvittering"
sold_at = ["dag", "klokke"]
customer.name = "kjøper.navn"
customer.postal_code = "kjøper.postnummer"
quantity = "stk"
amount = "beløp"
ticket_type = "hva"
performance.production = "^forestilling.tittel"
performance.starts_at = ["^forestilling.dag", "^forestilling.klokke"]
[about]
money = "kroner of the row, with a decimal comma"
times = "local, the day and the clock apart"
refunds = "a receipt of its own, art kreditering"
exchanges = "a kreditering and a sale"
versions = "none: what comes later replaces it"
authentication = "none known"
configure = "items in the register, by hva"
verify = ["that it exists"]
"""
RECEIPT = {
    "kvittering": 5512,
    "art": "Salg",
    "dag": "25.10.26",
    "klokke": "02:30",
    "kjøper": {"navn": "Gro Lien", "postnummer": "2150"},
    "forestilling": {"tittel": "Spelet", "dag": "01.11.26", "klokke": "18:00"},
    "poster": [
        {"hva": "Voksen", "stk": "2", "beløp": "1 050,50"},
        {"hva": "Gavekort", "stk": 1, "beløp": 300},
    ],
}


def test_a_system_that_is_on_no_list_takes_one_mapping_and_one_line(tmp_path: Path) -> None:
    register = {**ADAPTERS, "billettmann": adapter(BILLETTMANN)}
    known = register["billettmann"]
    (record,) = known.split(json.dumps({"kvitteringer": [RECEIPT]}).encode())
    assert "5512" == known.number(record)
    sale = sold(known, "billettmann", RECEIPT)
    assert "2026-10-25T00:30:00+00:00" == sale.transaction.sold_at.isoformat()
    assert sale.customer is not None
    assert ("Gro", "Lien") == (sale.customer.given_name, sale.customer.family_name)
    first, second = sale.transaction.lines
    assert (2, 105_050, "ticket") == (first.quantity, first.amount_minor, first.item)
    assert (1, 30_000, "gift_card") == (second.quantity, second.amount_minor, second.item)
    assert first.performance is not None
    assert "2026-11-01T17:00:00+00:00" == str(first.performance.starts_at).replace(" ", "T")
    back = sold(known, "billettmann", RECEIPT | {"art": "kreditering"}).transaction
    assert ("5512-credit", "5512") == (back.transaction, back.order)
    assert [("refund", None)] * 2 == [(line.kind, line.at) for line in back.lines]
    # the register of organisations takes it as soon as that line is there
    path = tmp_path / "organisations.toml"
    path.write_text(REGISTER, "utf-8")
    watched = WatchedRegister(path, register.keys())
    assert ("billettmann", "hus") in watched.now.feeds
    with pytest.raises(Misconfigured, match="vendor billettmann is not known"):
        WatchedRegister(path, ADAPTERS.keys())


def test_an_operator_adds_a_system_without_a_line_of_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = place(tmp_path, "billettmann", BILLETTMANN)
    monkeypatch.setenv("KUDOS_ORGANISATIONS", str(register))
    listed = CliRunner().invoke(vendors.command, ["list", "--json"])
    row = next(one for one in json.loads(listed.output) if one["id"] == "billettmann")
    assert ("ASSUMED", ["hus"]) == (row["label"], row["organisations"])
    assert 0 == CliRunner().invoke(organisations.command, ["check"]).exit_code
    (tmp_path / "mappings" / "billettmann.toml").unlink()
    refused = CliRunner().invoke(organisations.command, ["check"])
    assert 1 == refused.exit_code
    assert "vendor billettmann is not known" in refused.output


@pytest.mark.parametrize(
    ("whole", "weights", "expected"),
    [
        (0, [5, 5], [0, 0]),
        (10, [10, 0, 0], [10, 0, 0]),
        (1, [0, 3, 3], [0, 1, 0]),
        (3, [3, 3, 3], [1, 1, 1]),
        (10_001, [20_000, 10_000, 1], [6668, 3333, 0]),
    ],
)
def test_a_discount_is_shared_to_the_last_ore(
    whole: int, weights: list[int], expected: list[int]
) -> None:
    found = shares(whole, weights)
    assert expected == found
    assert whole == sum(found)
    assert all(part <= weight for part, weight in zip(found, weights, strict=True))
