"""Adapters that read XML: hostile, in any encoding, one record at a time."""

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from kudos.errors import Reason, Rejected
from kudos.register import Feed
from services.ingest.adapters import ADAPTERS, saft, saftfile
from services.ingest.adapters.base import Ignored, Origin, Sale
from tests.support.fitting import is_accepted
from tests.support.origin import origin
from tests.support.shared import beside

FIXTURES = Path(__file__).parent / "fixtures"
XML = [vendor for vendor in ADAPTERS if (FIXTURES / vendor / "order.xml").is_file()]
SECRET = "Kari Nordmann"


@pytest.mark.parametrize("vendor", XML)
def test_a_record_is_split_into_itself(vendor: str) -> None:
    adapter = ADAPTERS[vendor]
    for case in sorted((FIXTURES / vendor).glob("*.xml")):
        for record in adapter.split(case.read_bytes()):
            assert [record] == list(adapter.split(record))


@pytest.mark.parametrize("vendor", XML)
def test_any_encoding_holds_the_same_records(vendor: str) -> None:
    adapter = ADAPTERS[vendor]
    text = (FIXTURES / vendor / "letters.xml").read_text("utf-8")
    expected = adapter.split(text.encode())
    assert expected == adapter.split(b"\xef\xbb\xbf" + text.encode())
    assert expected == adapter.split(text.encode("utf-16"))
    latin = text.replace("UTF-8", "ISO-8859-1").replace("utf-8", "ISO-8859-1")
    assert expected == adapter.split(latin.encode("latin-1"))
    assert () == tuple(adapter.split(b" \n"))


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><%s>&j;</%s>"
)
HOSTILE: dict[str, bytes] = {
    "entity bomb": BOMB,
    "external entity": b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><%s>&a;</%s>',
    "external type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><%s></%s>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % a SYSTEM "file:///x"> %a;]><%s></%s>',
    "in small letters": b"<!doctype a><%s></%s>",
}


@pytest.mark.parametrize("vendor", XML)
@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_hostile_xml_is_refused_at_once(vendor: str, what: str, encoding: str) -> None:
    body = HOSTILE[what].replace(b"%s", b"auditfile")
    if encoding == "utf-7":
        # no sign of it shows until the parser has decoded it
        body = b'<?xml version="1.0" encoding="utf-7"?>' + body.split(b"?>")[-1].replace(
            b"<", b"+ADw-"
        )
    sent = body.decode().encode(encoding) if encoding == "utf-16" else body
    begun = time.monotonic()
    with pytest.raises(Rejected) as caught:
        ADAPTERS[vendor].split(sent)
    assert time.monotonic() - begun < 1
    assert Reason.UNREADABLE == caught.value.reason
    told = {"a document type"} if encoding != "utf-7" else {"a document type", "not XML"}
    assert caught.value.detail in told


@pytest.mark.parametrize("vendor", XML)
@pytest.mark.parametrize("depth", [33, 300, 100_000])
def test_depth_has_an_end(vendor: str, depth: int) -> None:
    body = b"<a>" * depth + b"</a>" * depth
    with pytest.raises(Rejected) as caught:
        ADAPTERS[vendor].split(body)
    assert caught.value.reason in {Reason.TOO_DEEP, Reason.UNREADABLE}
    if depth < 100_000:
        assert Reason.TOO_DEEP == caught.value.reason


@pytest.mark.parametrize("vendor", XML)
@pytest.mark.parametrize("body", [b"<a", b"<a></b>", b"<a>\x00</a>", b"<html><body/></html>"])
def test_what_is_no_file_of_the_vendors_is_rejected(vendor: str, body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        ADAPTERS[vendor].split(body)
    assert Reason.UNREADABLE == caught.value.reason


@pytest.mark.parametrize("vendor", ["saft", "pckasse"])
def test_a_bad_record_in_a_good_file_loses_only_itself(vendor: str) -> None:
    adapter = ADAPTERS[vendor]
    many = (FIXTURES / vendor / "rejected.xml").read_bytes()
    good = b"<lineAmntIn>240.00" if vendor == "saft" else b"<price>165.00"
    bad = good.split(b">")[0] + b">240,00"
    mended = many.replace(bad, good)
    records = adapter.split(mended.replace(good, bad, 1))
    assert not is_accepted(vendor, records[0])
    assert len(records) == len(adapter.split(mended)) > 2


def test_no_record_of_pckasse_holds_the_login() -> None:
    for case in sorted((FIXTURES / "pckasse").glob("*.xml")):
        for record in ADAPTERS["pckasse"].split(case.read_bytes()):
            assert b"password" not in record
            assert b"1001" not in record


def test_a_corrected_day_is_the_same_transaction_and_loses_what_it_lacks() -> None:
    adapter = ADAPTERS["datanova"]
    first, again = (
        adapter.split((FIXTURES / "datanova" / f"{name}.xml").read_bytes())[0]
        for name in ("order", "corrected")
    )
    assert adapter.number(first) == adapter.number(again) == "4-2026-06-01"
    before, after = (
        {line.line for line in sale.transaction.lines}
        for record in (first, again)
        for sale in adapter.parse(record, origin("datanova"))
        if isinstance(sale, Sale)
    )
    assert ({"5001", "5002"}, {"5001", "5003"}) == (before, after)


def test_prices_of_the_register_stand_where_a_report_has_none() -> None:
    whose = Origin(
        origin("datanova").organisation, Feed("datanova", own={"prices": {"5001": "120.00"}})
    )
    body = (FIXTURES / "datanova" / "missing_optional.xml").read_bytes()
    (record,) = ADAPTERS["datanova"].split(body)
    (sale,) = ADAPTERS["datanova"].parse(record, whose)
    assert isinstance(sale, Sale)
    assert [(31, 372_000)] == [(x.quantity, x.amount_minor) for x in sale.transaction.lines]


def test_the_register_tells_season_passes_and_gift_cards_of_a_till() -> None:
    items = {"703": "season_pass", "Årskort, bruk": "season_pass_use", "702": "gift_card"}
    whose = Origin(origin("saft").organisation, Feed("saft", items=items))
    (record,) = ADAPTERS["saft"].split((FIXTURES / "saft" / "other_items.xml").read_bytes())
    (sale,) = saft.parse(record, whose)
    assert isinstance(sale, Sale)
    assert ["gift_card", "season_pass", "other", "season_pass_use", "merchandise"] == [
        line.item for line in sale.transaction.lines
    ]


def test_of_two_exports_the_later_made_counts() -> None:
    body = (FIXTURES / "saft" / "order.xml").read_bytes()
    later = body.replace(b"<timeCreated>06:00:00", b"<timeCreated>06:00:01")
    versions = [
        sale.transaction.version
        for one in (body, later)
        for sale in saft.parse(ADAPTERS["saft"].split(one)[0], origin("saft"))
        if isinstance(sale, Sale)
    ]
    assert versions[0] is not None
    assert [versions[0], versions[0] + 1] == versions


class Counting(BytesIO):
    """A file that says how much of it was read."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 4096, 4096) if size and size > 0 else size)


def test_a_large_file_is_read_as_it_is_asked_for() -> None:
    body = (FIXTURES / "saft" / "order.xml").read_bytes()
    begin = body.index(b"<cashtransaction>")
    end = body.index(b"</cashtransaction>") + len(b"</cashtransaction>")
    many = b"".join(
        body[begin:end].replace(b"7001", b"%d" % number) for number in range(10_000, 12_000)
    )
    file = Counting(body[:begin] + many + body[end:])
    found = saftfile.stream(file)
    assert "K_7/22-104-10000" == saft.number(next(found))
    assert file.tell() < len(many) // 4
    assert 2_000 == sum(1 for _ in found)


def test_the_official_file_goes_in() -> None:
    body = beside("vendors/samples/saft/cash_register_example.xml").read_bytes()
    sales = [sale for r in ADAPTERS["saft"].split(body) for sale in saft.parse(r, origin("saft"))]
    lines = [x for sale in sales if isinstance(sale, Sale) for x in sale.transaction.lines]
    total = sum(x.amount_minor * (1 if x.kind == "sale" else -1) for x in lines)
    # what its own Z report says: sales and returns, the grand totals
    assert 51_420 == total
    assert [1640] == [x.amount_minor for x in lines if x.kind == "refund"]
    assert 53_060 == sum(x.amount_minor for x in lines if x.kind == "sale")
    assert 4 == len(sales)


def test_our_files_are_valid_by_the_official_schema() -> None:
    path = beside("vendors/samples/saft/cash_register_schema_v1.00.xsd")
    schema = etree.XMLSchema(etree.parse(str(path)))
    odd = {"missing_optional", "unknown_field", "rejected"}
    valid = {
        case.stem
        for case in (FIXTURES / "saft").glob("*.xml")
        if schema.validate(etree.parse(str(case)))
    }
    assert {case.stem for case in (FIXTURES / "saft").glob("*.xml")} - odd == valid


def read_beside(vendor: str, path: str) -> list[Any]:
    """Return all that a file beside the project holds."""
    adapter = ADAPTERS[vendor]
    body = beside(f"vendors/reconstructed/{vendor}/{path}").read_bytes()
    return [one for record in adapter.split(body) for one in adapter.parse(record, origin(vendor))]


def test_the_reconstructed_files_go_in() -> None:
    (person,) = read_beside("pckasse", "getOrders_response.xml")
    who = person.customer
    assert ("5512", "Ola", "Nordmann") == (who.number, who.given_name, who.family_name)
    assert ("Storgata 1", "0155") == (who.street, who.postal_code)
    assert [Ignored("event")] == read_beside("pckasse", "updateOrderStatus_request.xml")
    for path in ("webreport_6.04_structure.xml", "day_sales_row.csv"):
        (sale,) = read_beside("datanova", path)
        first = sale.transaction.lines[0]
        assert ("3-2016-03-12", "3002", "Voksen", 14) == (
            sale.transaction.transaction,
            first.line,
            first.ticket_type,
            first.quantity,
        )
    assert ("Familie | 2 voksne", 2) == (
        sale.transaction.lines[1].ticket_type,
        sale.transaction.lines[1].quantity,
    )
