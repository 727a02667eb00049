"""NPU Monitor's shares of segments, as who runs KUDOS imports them.

ASSUMED, all of it: no export of the survey is public. It speaks of nobody in particular, so it is
no profile but a register, by industry, region and segment.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import get_args

from kudos.errors import Misconfigured
from kudos.records import Segment
from kudos.register import Industry
from kudos.survey import COLUMNS, FILE, Share
from services.ingest.adapters.base import About, Label

LABEL: Label = "ASSUMED"
RECORD = "a row, the share of one segment in an audience"
ABOUT = About(
    name="NPU Monitor",
    delivers=dict.fromkeys(COLUMNS, "ASSUMED"),
    money="None.",
    times="`period`, a year or a month.",
    refunds="None.",
    exchanges="None.",
    versions="None: what is imported replaces all that was.",
    authentication="Who runs KUDOS imports the file.",
    configure="`kudos reference import npumonitor FILE`: a file with a head, delimited by "
    "semicolons, tabs or commas. `industry` is the register's, empty for all; `region` a county's "
    "number of 2024, empty for the country; `share` a fraction, or per cent with a sign or in a "
    "column `percent`; `respondents` may be empty. The shares of a group are at most 100 %, but "
    "for rounding.",
    verify=(
        "The export itself: its columns, its delimiter, how shares are written",
        "What the shares are of: visits, visitors or answers; and whether they are weighted",
        "By which regions and industries it is told",
    ),
)

_SEGMENTS: Mapping[str, Segment] = {name.casefold(): name for name in get_args(Segment)}
_INDUSTRIES = frozenset({"", *get_args(Industry)})
_REGION = re.compile(r"(?:[0-9]{2})?")
_PERIOD = re.compile(r"(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2]))?")
_COUNT = re.compile(r"[0-9]{0,9}")
_NUMBER = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,9})?")
#: Of eight shares each may be rounded to a whole per cent.
_ROUNDED = Decimal("0.04")
Group = tuple[str, str, str]


def read(text: bytes) -> list[Share]:
    """Return the shares in a delimited file, or raise Misconfigured with the line."""
    found: dict[tuple[Group, Segment], Share] = {}
    sums: dict[Group, Decimal] = defaultdict(Decimal)
    for line, row in _rows(text):
        one = _share(line, row)
        group = (one.period, one.industry, one.region)
        if (group, one.segment) in found:
            raise Misconfigured(f"line {line}: its segment stands twice")
        found[group, one.segment] = one
        sums[group] += one.share
        if sums[group] > 1 + _ROUNDED:
            raise Misconfigured(f"line {line}: the shares of its group are over 100 %")
    if not found:
        raise Misconfigured("it holds no share")
    return list(found.values())


def write(folder: Path, found: list[Share]) -> None:
    """Write *found* for who computes indexes; nobody ever sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(
            (s.period, s.industry, s.region, s.segment, s.share, s.respondents) for s in found
        )
    draft.replace(folder / FILE)


def said(found: list[Share]) -> str:
    """Return what was loaded."""
    groups = {(one.period, one.industry, one.region) for one in found}
    periods = sorted({one.period for one in found})
    return f"{len(found):,} shares of {len(groups):,} groups, {periods[0]} to {periods[-1]}"


def _share(line: int, row: Mapping[str, str]) -> Share:
    segment = _SEGMENTS.get(row["segment"].casefold())
    percent = row["share"].endswith("%") or "percent" in row
    number = (row.get("percent") or row["share"]).removesuffix("%").strip()
    checks = {
        "period is no year or month": _PERIOD.fullmatch(row["period"]),
        "industry is none of the register's": row["industry"] in _INDUSTRIES,
        "region is no county's number": _REGION.fullmatch(row["region"]),
        "segment is none of the eight": segment,
        "respondents is no count": _COUNT.fullmatch(row["respondents"]),
        "share is no number": _NUMBER.fullmatch(number),
    }
    for wrong, right in checks.items():
        if not right:
            raise Misconfigured(f"line {line}: {wrong}")
    share = Decimal(number.replace(",", ".")) / (100 if percent else 1)
    if share > 1:
        raise Misconfigured(f"line {line}: share is over 1, and not in per cent")
    many = row["respondents"]
    return Share(
        row["period"],
        row["industry"],
        row["region"],
        _SEGMENTS[row["segment"].casefold()],
        share,
        int(many) if many else None,
    )


def _rows(text: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows with their lines' numbers; a column that may be left out is empty."""
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = text.decode("cp1252", "replace")
    first = lines.partition("\n")[0]
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=max("\t;,", key=first.count))
    head = [cell.strip().casefold() for cell in next(rows, [])]
    if not {"period", "segment"} <= set(head) or not {"share", "percent"} & set(head):
        raise Misconfigured("its head does not name period, segment and share (or percent)")
    for cells in rows:
        said = {name: cell.strip() for name, cell in zip(head, cells, strict=False)}
        if any(said.values()):
            yield rows.line_num, dict.fromkeys((*COLUMNS,), "") | said
