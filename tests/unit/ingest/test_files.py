"""A vendor's export in a file, record by record."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from kudos.errors import Misconfigured
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.mapping import Mapping, load
from services.ingest.files import Unreadable, check_schema, records
from tests.support.ingest import PLAIN

A, B = b'{"number": "1"}', b'{"number": "2", "text": "a\\nb"}'
MAPPING = load(
    """
[file]
delimiter = "blanks"
row_number = "row"
[columns]
transaction = "row"
sold_at = "day"
quantity = "n"
amount = "sum"
[constants]
version = 1
"""
)


def read(path: Path, text: bytes, mapping: Mapping | None = None) -> Sequence[bytes]:
    path.write_bytes(text)
    seen: list[int] = []
    found = list(records(path, PLAIN, mapping, seen.append))
    assert path.stat().st_size == seen[-1]
    return found


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (A, [A]),
        (A + b"\n", [A]),
        (b"\xef\xbb\xbf" + A + b"\r\n\r\n  " + B + b"  \n", [A, B]),
        (A + b"\nKari\n" + B, [A, b"Kari", B]),
        (b"[\n" + A + b",\n" + B + b"]", [A, B]),
        (b"\n\n[" + A + b"]\n", [A]),
        (b"", []),
        (b"\n \n", []),
    ],
)
def test_reads_a_record_a_list_and_lines(
    tmp_path: Path, text: bytes, expected: list[bytes], *, packed: bool
) -> None:
    found = read(tmp_path / "export", gzip.compress(text) if packed else text)
    assert [_plain(one) for one in expected] == [_plain(one) for one in found]


def _plain(record: bytes) -> object:
    try:
        return json.loads(record)
    except ValueError:
        return record


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_reads_utf_16_as_windows_writes_it(tmp_path: Path, order: str) -> None:
    # more than is read at a time; U+2028 and U+0A0D hold bytes that look like the end of a line
    many = [{"number": str(n), "text": "blåbær\u2028\u0a0d\U0001f3ad" * 40} for n in range(900)]
    text = "\ufeff" + "\r\n".join(json.dumps(one, ensure_ascii=False) for one in many)
    path = tmp_path / "export"
    assert many == [json.loads(one) for one in read(path, text.encode(order))]
    packed = gzip.compress(text.encode(order))
    assert many == [json.loads(one) for one in read(path, packed)]
    with pytest.raises(Unreadable, match="not the UTF-16"):
        read(path, text.encode(order) + b"\x00")


def test_reads_rows_in_utf_16_whatever_the_mapping_says(tmp_path: Path) -> None:
    mapping = load(
        """
[file]
delimiter = ";"
encoding = "cp1252"
decimal = ","
lines_in_cells = true
[columns]
transaction = "Nr"
sold_at = "Dag"
quantity = "Antall"
amount = "Beløp"
ticket_type = "Type"
[constants]
version = 1
"""
    )
    text = '\ufeffNr;Dag;Antall;Beløp;Type\r\n7;2026-05-17;2;1234,50;"Ungdom\nmed følge"\r\n'
    [row] = read(tmp_path / "export", text.encode("utf-16-le"), mapping)
    [line] = json.loads(row)["lines"]
    assert ("1234.50", "Ungdom\nmed følge") == (line["amount"], line["ticket_type"])


def test_reads_a_document_that_is_written_over_many_lines(tmp_path: Path) -> None:
    text = json.dumps([{"number": "1"}, {"number": "2"}], indent=2).encode()
    assert 2 == len(read(tmp_path / "export", text))
    assert 1 == len(read(tmp_path / "export", json.dumps({"number": "1"}, indent=2).encode()))


def test_reads_rows_by_a_mapping(tmp_path: Path) -> None:
    text = b" day n sum\n 2026-05-17  1 11.77\n 2026-05-17  1 11.77\n"
    found = read(tmp_path / "rows.txt", gzip.compress(text), MAPPING)
    assert ["1", "2"] == [ADAPTERS["homemade"].number(one) for one in found]


@pytest.mark.parametrize(
    # without the time, which would name the case anew in each process
    "text",
    [
        b"Kari Nordmann\n" * 3,
        b"[1, 2",
        gzip.compress(A * 99, mtime=0)[:40],
        b"\x1f\x8bno gzip",
    ],
)
def test_what_is_no_export_is_told_and_not_quoted(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path / "export", text)
    assert str(caught.value).startswith("export: ")
    assert "Kari" not in str(caught.value)


FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("saft", "order.xml"),
        ("pckasse", "order.xml"),
        ("datanova", "order.xml"),
        ("datanova", "old_report.csv"),
    ],
)
def test_reads_a_vendors_xml_and_text(
    tmp_path: Path, vendor: str, name: str, *, packed: bool
) -> None:
    body = (FIXTURES / vendor / name).read_bytes()
    expected = list(ADAPTERS[vendor].split(body))
    path, seen = tmp_path / name, list[int]()
    path.write_bytes(gzip.compress(body) if packed else body)
    assert expected == list(records(path, ADAPTERS[vendor], None, seen.append))
    assert path.stat().st_size == seen[-1]
    if name == "order.xml":
        path.write_bytes(body.decode().encode("utf-16"))
        assert expected == list(records(path, ADAPTERS[vendor], None, seen.append))


def test_a_torn_xml_file_gives_what_stands_before_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "saft.xml"
    body = (FIXTURES / "saft" / "order.xml").read_bytes()
    path.write_bytes(body[: body.rindex(b"<cashtransaction>") + 40])
    found = records(path, ADAPTERS["saft"], None, lambda _bytes: None)
    assert ADAPTERS["saft"].number(next(found)) is not None
    with pytest.raises(Unreadable, match=r"saft.xml: not XML"):
        next(found)


XSD = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="dag"><xs:complexType><xs:sequence>
<xs:element name="antall" type="xs:integer" maxOccurs="9"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""


def test_what_is_not_valid_by_the_schema_is_not_taken(tmp_path: Path) -> None:
    schema, path = tmp_path / "dag.xsd", tmp_path / "dag.xml"
    schema.write_bytes(XSD)
    path.write_bytes(b"<dag><antall>3</antall></dag>")
    check_schema(path, schema)
    path.write_bytes(gzip.compress(b"<dag>\n<antall>3</antall>\n<antall>Kari</antall></dag>"))
    with pytest.raises(Unreadable) as caught:
        check_schema(path, schema)
    assert "dag.xml: line 3: not valid by dag.xsd" == str(caught.value)
    path.write_bytes(b"<!DOCTYPE a><dag/>")
    with pytest.raises(Unreadable, match="a document type"):
        check_schema(path, schema)
    schema.write_bytes(b"no schema")
    with pytest.raises(Misconfigured, match=r"dag.xsd is no XSD"):
        check_schema(path, schema)
