"""Files by a mapping: what an operator can say, and what a wrong row may not do."""

import gzip
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kudos.errors import Misconfigured, Rejected
from kudos.records import Transaction
from kudos.register import Feed, Organisation
from services.ingest.adapters import homemade
from services.ingest.adapters.base import Origin, Sale
from services.ingest.adapters.mapping import load
from services.ingest.adapters.rows import records
from tests.support.shared import beside

DOCS = Path(__file__).parents[3] / "docs" / "mapping.md"
ORIGIN = Origin(Organisation("x", "x", "annet", "03", "x", "0301"), Feed("homemade"))
PLAIN = """
[columns]
transaction = "id"
sold_at = "day"
quantity = "n"
unit_price = "price"
[constants]
version = 1
"""


def documented() -> list[tuple[bytes, str]]:
    """Return the worked examples: a file and its mapping."""
    blocks = re.findall(r"```(text|toml)\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    return [
        (file.encode(), mapping)
        for (kind, file), (what, mapping) in pairwise(blocks)
        if (kind, what) == ("text", "toml")
    ]


def sent(text: bytes, mapping: str, file: str = "") -> list[dict[str, Any]]:
    made = records(text.splitlines(keepends=True), load(mapping), file)
    return [msgspec.json.decode(record) for record in made]


def read(text: bytes, mapping: str) -> Iterator[Transaction | str]:
    """Yield each transaction, or why it was rejected."""
    for record in records(text.splitlines(keepends=True), load(mapping)):
        try:
            (sale,) = homemade.parse(record, ORIGIN)
        except Rejected as error:
            yield error.detail
        else:
            assert isinstance(sale, Sale)
            yield sale.transaction


def amounts(text: bytes, mapping: str) -> list[int | str]:
    return [
        found if isinstance(found, str) else sum(line.amount_minor for line in found.lines)
        for found in read(text, mapping)
    ]


def test_the_documented_spreadsheet() -> None:
    (text, mapping), _ = documented()
    (order,) = read(text, mapping)
    assert isinstance(order, Transaction)
    sale, refund = order.lines
    assert ("2201", "web", 250_000) == (order.order, order.channel, sale.amount_minor)
    assert ("refund", 1, 125_000, "1") == (
        refund.kind,
        refund.quantity,
        refund.amount_minor,
        refund.line,
    )
    assert "2026-02-16T09:05:00+00:00" == (refund.at and refund.at.isoformat())
    assert sale.performance is not None
    assert "Lillesalen" == sale.performance.venue


def test_the_documented_log_counts_rows_that_are_alike() -> None:
    _, (text, mapping) = documented()
    orders = list(read(text, mapping))
    assert ["1", "2", "3"] == [o.transaction for o in orders if isinstance(o, Transaction)]
    assert [14_950, 14_950, 44_700] == amounts(text, mapping)
    assert all(isinstance(o, Transaction) and o.sold_is_date for o in orders)


def test_a_real_log_to_the_cent() -> None:
    with gzip.open(beside("data/oracles/cdnow_master.txt.gz")) as file:
        mapping = documented()[1][1]
        for ours, theirs in (
            ('"dag"', '"date"'),
            ('"antall"', '"number_of_cds"'),
            ('"belop"', '"dollar_value"'),
            ('"kunde"', '"customer_id"'),
        ):
            mapping = mapping.replace(ours, theirs)
        sales = [homemade.parse(record, ORIGIN)[0] for record in records(file, load(mapping))]
    found = [sale for sale in sales if isinstance(sale, Sale)]
    lines = [line for sale in found for line in sale.transaction.lines]
    assert 69_659 == len({sale.transaction.transaction for sale in found}) == len(lines)
    assert 250_031_563 == sum(line.amount_minor for line in lines)
    assert 167_881 == sum(line.quantity for line in lines)
    assert 23_570 == len({sale.customer and sale.customer.number for sale in found})
    assert {"USD"} == {sale.transaction.currency for sale in found}


def test_a_spreadsheet_of_the_vendors_folder() -> None:
    text = beside("vendors/reconstructed/homemade/orders.csv").read_bytes()
    mapping = """
[file]
delimiter = ";"
decimal = ","
thousands = " \\u00a0\\u202f"
dates = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
[columns]
transaction = "ordrenr"
line = "linjenr"
kind = "hendelse"
sold_at = "kjøpt"
customer.number = "kundenr"
customer.birth_date = "fødselsdato"
customer.consents.statistics = "samtykke"
quantity = "antall"
unit_price = "enhetspris"
discount = "rabatt"
fee = "avgift"
vat_rate = "mva"
currency = "valuta"
channel = "kanal"
performance.starts_at = "forestilling"
[constants]
version = 1
[values]
kind = { salg = "sale", retur = "refund" }
channel = { nett = "web", luke = "box_office" }
"""
    for body in (text, b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n")):
        (order,) = read(body, mapping)
        assert isinstance(order, Transaction)
        told = [(x.kind, x.quantity, x.amount_minor, x.fee_minor, x.vat_rate) for x in order.lines]
        assert [("sale", 2, 290_000, 2500, 0), ("refund", 1, 145_000, 0, 0)] == told
    assert "1984-05-17" == sent(text, mapping)[0]["customer"]["birth_date"]
    windows = text.decode().encode("cp1252")
    encoded = mapping.replace("[file]", '[file]\nencoding = "cp1252"')
    assert sent(text, mapping) == sent(windows, encoded)


def test_a_bad_row_loses_only_itself() -> None:
    text = b"""id,day,n,price
a,2026-01-02,1,10.00
b,2026-13-02,1,10.00
c,2026-01-02,1,"1,5"
d,2026-01-02,1
e,2026-01-02,1,10.00,more
f,2026-01-02,1.5,10.00
,2026-01-02,1,10.00
g,2026-01-02,\xe6,10.00
"h,2026-01-02,1,10.00
i,2026-01-02,1,20.00,
"""
    assert [
        1000,
        "$.sold_at: expected a date, or a date and time, of 1970 to 2100",
        "$.lines[0].unit_price: expected an amount, 0 or more",
        "$.lines[0]: expected `object`, got `array`",
        "$.lines[0]: expected `object`, got `array`",
        "$.lines[0].quantity: expected `int`, got `array`",
        "$.transaction: missing",
        "$.lines[0].quantity: expected `int`, got `array`",
        "$.lines[0]: expected `object`, got `array`",
        2000,
    ] == sorted_as(text, PLAIN)


def sorted_as(text: bytes, mapping: str) -> list[int | str]:
    """Return what each row became, row by row."""
    return amounts(text, "[file]\ngroup = 'rows'\n" + mapping)


def test_a_bad_row_takes_its_whole_transaction_along() -> None:
    text = b"id,day,n,price\na,2026-01-02,1,10.00\nb,2026-01-02,1,5\na,2026-01-02,1\n"
    assert ["$.lines[1]: expected `object`, got `array`", 500] == amounts(text, PLAIN)


def test_rows_of_one_transaction_belong_together_wherever_they_stand() -> None:
    text = b"id,day,n,price\na,2026-01-02,1,10\nb,2026-01-02,1,5\na,2026-01-03,1,1\n"
    assert [1100, 500] == amounts(text, PLAIN)
    first = sent(text, PLAIN)[0]
    assert ["2026-01-02", "2026-01-03"] == [line["at"] for line in first["lines"]]
    assert ["1", "2"] == [line["line"] for line in first["lines"]]


def test_rows_that_should_be_consecutive_and_are_not_are_refused() -> None:
    text = b"id,day,n,price\na,2026-01-02,1,10\nb,2026-01-02,1,5\na,2026-01-03,1,1\n"
    consecutive = "[file]\ngroup = 'consecutive'\n" + PLAIN
    assert [1000, 500, "$.lines[0]: expected `object`, got `array`"] == amounts(text, consecutive)


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("1450,00", 145_000),
        ("1 450,5", 145_050),
        ("1\u00a0450", 145_000),
        ("1\u202f450,00", 145_000),
        ("+7", 700),
        ("-0,00", 0),
        ("1.450,00", None),
        ("1,450,00", None),
        ("12e3", None),
        ("kr 10", None),
        ("\uff110", None),
    ],
)
def test_numbers(cell: str, minor: int | None) -> None:
    mapping = (
        '[file]\ndelimiter = ";"\ndecimal = ","\nthousands = " \\u00a0\\u202f"\ngroup="rows"\n'
        + PLAIN
    )
    text = f"id;day;n;price\na;2026-01-02;1;{cell}\n".encode()
    (found,) = amounts(text, mapping)
    assert (minor if minor is not None else "$.lines[0].unit_price") == (
        found if isinstance(found, int) else found.partition(":")[0]
    )


@pytest.mark.parametrize(
    ("quantity", "price", "kind", "expected"),
    [
        ("2", "10", "sale", ("sale", 2, 2000)),
        ("-2", "10", "sale", ("refund", 2, 2000)),
        ("-2", "-10", "refund", ("refund", 2, 2000)),
        ("2", "-10", "refund", ("refund", 2, 2000)),
        ("2", "10", "refund", ("refund", 2, 2000)),
    ],
)
def test_a_sign_is_applied_once(
    quantity: str, price: str, kind: str, expected: tuple[str, int, int]
) -> None:
    mapping = PLAIN.replace("[constants]", 'kind = "kind"\n[constants]')
    text = f"id,day,n,price,kind\na,2026-01-02,{quantity},{price},{kind}\n".encode()
    (order,) = read(text, mapping)
    assert isinstance(order, Transaction)
    (line,) = order.lines
    assert expected == (line.kind, line.quantity, line.amount_minor)


def test_numbers_of_rows_and_names_of_files_make_transactions() -> None:
    mapping = PLAIN.replace('"id"', '["file", "row"]').replace(
        "[columns]", '[file]\nrow_number = "row"\nfile_name = "file"\n[columns]', 1
    )
    text = b"day,n,price\n2026-01-02,1,10\n\n2026-01-02,1,10\n"
    assert ["jan.csv-1", "jan.csv-2"] == [r["transaction"] for r in sent(text, mapping, "jan.csv")]


def test_a_version_may_be_a_date() -> None:
    mapping = PLAIN.replace("[constants]\nversion = 1", 'version = "changed"').replace(
        "[columns]", '[file]\ndates = ["%Y-%m-%d", "%Y-%m-%d %H:%M"]\n[columns]'
    )
    text = b"id,day,n,price,changed\na,2026-01-02,1,10,2026-01-02 03:04\nb,2026-01-02,1,10,7\n"
    assert [1_767_319_440, 7] == [record["version"] for record in sent(text, mapping)]


def test_columns_may_be_named_where_there_is_no_header() -> None:
    mapping = '[file]\nheader = false\nnames = ["id", "day", "n", "price"]\n' + PLAIN
    assert [1000] == amounts(b"a,2026-01-02,1,10\n", mapping)


def test_a_quoted_cell_may_hold_lines_where_the_mapping_says_so() -> None:
    text = b'id,day,n,price\n"a\n1",2026-01-02,1,10\nb,2026-01-02,1,5\n'
    assert [1000, 500] == amounts(text, "[file]\nlines_in_cells = true\n" + PLAIN)


@pytest.mark.parametrize(
    ("mapping", "what"),
    [
        ("[columns", "mapping: "),
        (PLAIN + "colour = 1", "constants: colour is no field"),
        (PLAIN.replace("version = 1", ""), "version: neither a column nor a constant"),
        (PLAIN + "amount = 1", "one of unit_price and amount"),
        (PLAIN + 'currency = "kroner"', r"constants: \$.currency"),
        (PLAIN.replace('"n"', '["n", "m"]'), "quantity is of one column"),
        ('[file]\nencoding = "utf-16"\n' + PLAIN, "file.encoding"),
        ("[file]\nheader = false\n" + PLAIN, "file.names"),
        ('[file]\ndelimiter = "--"\n' + PLAIN, "file.delimiter"),
        ('[file]\nquote = ","\n' + PLAIN, "file.quote"),
        ("[file]\ncolour = 1\n" + PLAIN, "colour"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(mapping: str, what: str) -> None:
    with pytest.raises(Misconfigured, match=what):
        load(mapping)


def test_a_file_without_a_column_is_no_bad_row() -> None:
    with pytest.raises(Misconfigured, match="unit_price: the file has no column price"):
        sent(b"id,day,n\na,2026-01-02,1\n", PLAIN)
    with pytest.raises(Misconfigured, match="n stands twice"):
        sent(b"id,day,n,price,n\n", PLAIN)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.binary(max_size=30) | st.sampled_from([b"a,2026-01-02,1,10\n", b'"', b",,,\n"])),
    st.sampled_from(["", "delimiter = 'blanks'", "lines_in_cells = true", "quote = ''"]),
    st.sampled_from(["rows", "consecutive", "file"]),
)
def test_no_file_crashes(parts: list[bytes], how: str, group: str) -> None:
    names = 'header = false\nnames = ["id", "day", "n", "price"]'
    mapping = f"[file]\n{names}\ngroup = '{group}'\n{how}\n{PLAIN}"
    for found in read(b"".join(parts), mapping):
        assert found
