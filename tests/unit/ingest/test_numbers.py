"""Numbers beyond 2⁵³ and amounts with many decimals, through every adapter: no float anywhere.

Each number in a vendor's first fixture is replaced, in the bytes as they are sent, JSON, XML or
rows alike; what is read of it is exact, or it is rejected.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kudos.errors import Rejected
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Sale
from tests.support.origin import origin

FIXTURES = Path(__file__).parent / "fixtures"
ADAPTERS_CODE = Path(__file__).parents[3] / "services" / "ingest"
#: The first integer that no float can hold; as kroner and øre it is under what an amount may be.
BEYOND = (1 << 53) + 1
#: A number that stands alone: no part of a date, a name, or another number.
_NUMBER = re.compile(rb"(?<![\w.,:+/-])-?[0-9]+(?:[.,][0-9]+)?(?![\w.,:+/-]*[\w:+/-])")


@cache
def order(vendor: str) -> bytes:
    """Return the first record of the vendor's first fixture."""
    cases = sorted((FIXTURES / vendor).glob("order.*"))
    [case] = [case for case in cases if ".expected" not in case.name]
    return ADAPTERS[vendor].split(case.read_bytes())[0]


def replaced(vendor: str, *numbers: str) -> Iterator[bytes]:
    """Yield the record with one of its numbers replaced by each of *numbers*, its sign kept."""
    record = order(vendor)
    for found in _NUMBER.finditer(record):
        for number in numbers:
            comma = b"," in found[0]
            new = number.replace(".", ",") if comma else number
            yield record[: found.start()] + new.encode() + record[found.end() :]


def amounts(vendor: str, record: bytes) -> list[tuple[int, int]]:
    """Return quantity and amount of each line of *record*; none where it is rejected."""
    try:
        parsed = ADAPTERS[vendor].parse(record, origin(vendor))
    except Rejected:
        return []
    sales = [one.transaction for one in parsed if isinstance(one, Sale)]
    return [(line.quantity, line.amount_minor) for sale in sales for line in sale.lines]
