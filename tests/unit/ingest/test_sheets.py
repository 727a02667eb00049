"""Spreadsheets: rows as text, numbers to the øre, and archives that are not what they say."""

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import sheets
from services.ingest.adapters.mapping import load
from services.ingest.files import Unreadable, records
from tests.support.ingest import PLAIN

MAPPING = """
[file]
decimal = ","
dates = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
[columns]
transaction = "ordre"
sold_at = "kjøpt"
quantity = "antall"
unit_price = "pris"
customer.postal_code = "postnr"
[constants]
version = 1
"""
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(place: str, value: Any) -> str:
    """Return a cell: text, a number as it is written, or (number,) of a date."""
    if isinstance(value, tuple):
        return f'<c r="{place}" s="1"><v>{value[0]}</v></c>'
    if isinstance(value, Decimal | int):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


def sheet(rows: list[list[Any]]) -> str:
    """Return the XML of a sheet."""
    told = "".join(
        f'<row r="{n}">'
        + "".join(cell(f"{chr(65 + c)}{n}", v) for c, v in enumerate(row))
        + "</row>"
        for n, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{told}</sheetData></worksheet>'


def book(**named: list[list[Any]]) -> bytes:
    """Return an xlsx file of sheets, each of rows."""
    found = io.BytesIO()
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, name in enumerate(named, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="s{n}" Type="{_RELATED}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(1, len(named) + 1)
        )
        + f'<Relationship Id="y" Type="{_RELATED}/styles" Target="styles.xml"/></Relationships>',
    }
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for number, rows in enumerate(named.values(), 1):
            archive.writestr(f"xl/worksheets/s{number}.xml", sheet(rows))
    return found.getvalue()


HEAD: list[Any] = ["ordre", "kjøpt", "antall", "pris", "postnr"]
#: 46100.5 is noon of 19 March 2026.
ROWS: list[list[Any]] = [
    HEAD,
    ["A-1", "19.03.2026 12:00", 2, "1250,50", "0155"],
    [2, (Decimal("46100.5"),), 1, Decimal("0.30000000000000004"), 155],
    ["", "", "", "", ""],
    ["A-3", (46100,), -1, Decimal("99.9"), "5003"],
]


def read(path: Path, body: bytes, mapping: str = MAPPING) -> list[dict[str, Any]]:
    path.write_bytes(body)
    seen: list[int] = []
    found = [json.loads(one) for one in records(path, PLAIN, load(mapping), seen.append)]
    assert len(body) == seen[-1]
    return found


def test_rows_of_a_sheet_go_by_a_mapping(tmp_path: Path) -> None:
    first, second, third = read(tmp_path / "salg.xlsx", book(Salg=ROWS))
    assert ("A-1", "2026-03-19T12:00:00") == (first["transaction"], first["sold_at"])
    assert [("2", "1250.50"), ("1", "0.3")] == [
        (str(one["lines"][0]["quantity"]), one["lines"][0]["unit_price"]) for one in (first, second)
    ]
    assert ("2", "2026-03-19T12:00:00") == (second["transaction"], second["sold_at"])
    assert ["0155", "0155"] == [one["customer"]["postal_code"] for one in (first, second)]
    assert ("refund", "99.9") == (third["lines"][0]["kind"], third["lines"][0]["unit_price"])
    assert third["sold_at"] in {"2026-03-19", "2026-03-19T00:00:00"}


def test_another_sheet_may_be_named(tmp_path: Path) -> None:
    body = book(Om=[["Laget av", "X"]], Salg=ROWS)
    named = MAPPING.replace("[file]", '[file]\nsheet = "Salg"')
    assert 3 == len(read(tmp_path / "a.xlsx", body, named))
    with pytest.raises(Unreadable, match="no sheet Kjøp"):
        read(tmp_path / "b.xlsx", body, named.replace("Salg", "Kjøp"))


def test_without_a_mapping_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "salg.xlsx"
    path.write_bytes(book(Salg=ROWS))
    with pytest.raises(Unreadable, match="--mapping"):
        list(records(path, PLAIN, None, lambda _bytes: None))


@pytest.mark.parametrize(
    "body",
    [
        book(Salg=ROWS)[:-40],
        book(Salg=ROWS).replace(b"PK\x03\x04", b"PK\x03\x04\xff", 1),
        b"PK\x03\x04" + b"\0" * 99,
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    ],
)
def test_what_is_no_spreadsheet_is_told_and_not_quoted(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path / "salg.xlsx", body)
    assert "A-1" not in str(caught.value)


def test_an_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = book(Salg=[HEAD, *ROWS[1:2] * 5_000])
    monkeypatch.setattr(sheets, "_MOST", 20 * len(body))
    assert read(tmp_path / "a.xlsx", body)
    monkeypatch.setattr(sheets, "_MOST", 2 * len(body))
    with pytest.raises(Unreadable, match="a spreadsheet of over"):
        read(tmp_path / "b.xlsx", body)


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=4))
def test_a_number_is_what_was_written(number: Decimal) -> None:
    # as a spreadsheet keeps it, and gives it back
    assert number == Decimal(sheets.text(float(number), ",").replace(",", "."))


def test_cells_of_other_kinds() -> None:
    assert "true" == sheets.text(cell=True, decimal=",")
    assert "2026-03-19" == sheets.text(date(2026, 3, 19), ",")
    assert "2026-03-19T12:00:00" == sheets.text(datetime(2026, 3, 19, 12), ",")  # noqa: DTZ001 (a sheet has no zones)
    assert "12" == sheets.text(12, ",")
