"""Where a postal code is: county, and municipality and centrality where a register was imported."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from countrystatecity_postal_codes import get_postcodes_of_country

from kudos.errors import Misconfigured
from kudos.records import Place

NORWAY = "NO"
NOWHERE = Place()

#: What a register's file is called, and what it has; it may have other columns.
FILE = "postal_codes.csv"
COLUMNS = {"postal_code", "municipality_no", "centrality"}

Places = Mapping[str, Place]


def packaged() -> dict[str, Place]:
    """Return every Norwegian postal code's county (numbers of 2024), as the package knows it.

    countrystatecity-postal-codes, Open Database License; docs/reference.md compares it.
    """
    found = get_postcodes_of_country(NORWAY)
    return {p.code: Place(county=p.stateCode) for p in found if p.stateCode}


def imported(file: Path) -> dict[str, Place]:
    """Return the places of a register that ``kudos reference import postal-codes`` wrote."""
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return {
                row["postal_code"]: Place(
                    county=row["municipality_no"][:2],
                    municipality=row["municipality_no"],
                    centrality=row["centrality"] or None,
                )
                for row in _rows(text)
            }
    except (OSError, KeyError, TypeError, ValueError):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def _rows(text: Iterable[str]) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(text)
    if not COLUMNS <= set(rows.fieldnames or ()):
        raise KeyError
    return rows


def places(reference: Path | None) -> Places:
    """Return the place of every Norwegian postal code; what was imported wins."""
    file = reference / FILE if reference else None
    return packaged() | (imported(file) if file and file.is_file() else {})


def place(known: Places, country: str | None, postal_code: str | None) -> Place:
    """Return where an order's customer lives; abroad and a code that is none are unknown."""
    if country != NORWAY or postal_code is None:
        return NOWHERE
    return known.get(postal_code, NOWHERE)
