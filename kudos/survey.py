"""What surveys say of audiences: shares of the Culture Segments, which indexes divide by."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.records import Segment

#: What the file is called that ``kudos reference import npumonitor`` writes.
FILE = "survey_shares.csv"
COLUMNS = ("period", "industry", "region", "segment", "share", "respondents")


class Share(Struct, frozen=True):
    """The share of a segment in an audience, as a survey found it."""

    period: str  # yyyy, or yyyy-mm
    industry: str  # of the register; "": all
    region: str  # county, numbers of 2024; "": the country
    segment: Segment
    share: Decimal  # 0 to 1
    respondents: int | None  # None: not said


def shares(reference: Path | None) -> list[Share]:
    """Return the shares that were imported; none where none were."""
    file = reference / FILE if reference else None
    if file is None or not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return list(_rows(text))
    except (OSError, LookupError, TypeError, ValueError, InvalidOperation):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def _rows(text: Iterable[str]) -> Iterator[Share]:
    rows = csv.DictReader(text)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise KeyError
    for row in rows:
        many = row["respondents"]
        yield Share(
            period=row["period"],
            industry=row["industry"],
            region=row["region"],
            segment=row["segment"],  # type: ignore[arg-type]  # the import has checked it
            share=Decimal(row["share"]),
            respondents=int(many) if many else None,
        )
