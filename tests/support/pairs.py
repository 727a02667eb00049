"""A vendor's pairs of fixtures: bodies as they are sent, and beside each what is read of it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "unit" / "ingest" / "fixtures"
CASES = sorted(p for p in FIXTURES.glob("*/*") if ".expected" not in p.name)


def expected_of(case: Path) -> list[dict[str, Any]]:
    """Return what stands beside a fixture, a row each record."""
    found: list[dict[str, Any]] = json.loads(case.with_suffix(".expected.json").read_text("utf-8"))
    return found


def is_json(vendor: str) -> bool:
    """Tell whether *vendor*'s records are JSON."""
    return (FIXTURES / vendor / "order.json").is_file()


def shown(vendor: str) -> frozenset[str]:
    """Return what *vendor*'s fixtures show: their names, and the ``shows`` of records.

    Where a list is taken, one of nothing is empty.
    """
    names = {case.stem for case in CASES if case.parent.name == vendor}
    return _told(vendor, "shows") | names | ({"empty"} if is_json(vendor) else set())


def turning(vendor: str) -> frozenset[str]:
    """Return the ``turns`` of *vendor*'s expected files.

    They are the names, of JSON in small letters, of what says of a line whether it is a sale or
    which line it is; no other field may turn a sign.
    """
    return _told(vendor, "turns")


@cache
def _told(vendor: str, name: str) -> frozenset[str]:
    cases = [case for case in CASES if case.parent.name == vendor]
    rows = (row for case in cases for row in expected_of(case))
    return frozenset(one for row in rows for one in row.get(name, ()))
