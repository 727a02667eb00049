"""A vendor's export in a file, record by record."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.mapping import Mapping, load
from services.ingest.files import Unreadable, records
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


def test_reads_a_document_that_is_written_over_many_lines(tmp_path: Path) -> None:
    text = json.dumps([{"number": "1"}, {"number": "2"}], indent=2).encode()
    assert 2 == len(read(tmp_path / "export", text))
    assert 1 == len(read(tmp_path / "export", json.dumps({"number": "1"}, indent=2).encode()))


def test_reads_rows_by_a_mapping(tmp_path: Path) -> None:
    text = b" day n sum\n 2026-05-17  1 11.77\n 2026-05-17  1 11.77\n"
    found = read(tmp_path / "rows.txt", gzip.compress(text), MAPPING)
    assert ["1", "2"] == [ADAPTERS["homemade"].number(one) for one in found]


@pytest.mark.parametrize(
    "text", [b"Kari Nordmann\n" * 3, b"[1, 2", gzip.compress(A * 99)[:40], b"\x1f\x8bno gzip"]
)
def test_what_is_no_export_is_told_and_not_quoted(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path / "export", text)
    assert str(caught.value).startswith("export: ")
    assert "Kari" not in str(caught.value)
