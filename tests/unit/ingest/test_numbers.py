"""Numbers beyond 2⁵³ and amounts with many decimals, through every adapter: no float anywhere.

In every fixture each number is replaced, wherever it stands, in the bytes as they are sent, JSON,
XML or rows alike; what is read of it is exact, or it is rejected.
"""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from kudos.errors import Rejected
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Sale
from tests.support.origin import origin

FIXTURES = Path(__file__).parent / "fixtures"
CODE = Path(__file__).parents[3] / "services" / "ingest" / "adapters"
#: The first integer that no float can hold; in øre it is under what an amount may be.
BEYOND = (1 << 53) + 1
IN_KRONER = f"{BEYOND // 100}.{BEYOND % 100:02d}"
#: What a float, or a Decimal of 28 digits, takes for 100.005, and that is rounded up.
LONG = ("100.004999999999999999999999", "100.00499999999999999999999999999999")
SHORT = "100.00499999"
#: A number that stands alone: no part of a date, a name, or another number.
_NUMBER = re.compile(rb"(?<![\w.,:+/-])-?[0-9]+(?:[.,][0-9]+)?(?![\w.,:+/-]*[\w:+/-])")
Amounts = list[tuple[int, int]]


@cache
def records(vendor: str) -> tuple[bytes, ...]:
    cases = sorted((FIXTURES / vendor).glob("*"))
    bodies = [case.read_bytes() for case in cases if ".expected" not in case.name]
    return tuple(record for body in bodies for record in ADAPTERS[vendor].split(body))


def values(record: bytes) -> set[Decimal]:
    return {_value(found[0]) for found in _NUMBER.finditer(record)}


def _value(text: bytes) -> Decimal:
    return abs(Decimal(text.decode().replace(",", ".")))


def with_number(record: bytes, value: Decimal, number: str) -> bytes:
    """Return *record* with *number* wherever *value* stood: a price and its total grow together.

    The sign, and a decimal comma, stay.
    """

    def grown(found: re.Match[bytes]) -> bytes:
        if _value(found[0]) != value:
            return found[0]
        text = number.replace(".", ",") if b"," in found[0] else number
        return found[0][: found[0].startswith(b"-")] + text.encode()

    return _NUMBER.sub(grown, record)


def amounts(vendor: str, record: bytes) -> Amounts:
    """Return quantity and amount of each line of *record*; none where it is rejected."""
    try:
        parsed = ADAPTERS[vendor].parse(record, origin(vendor))
    except Rejected:
        return []
    sales = [one.transaction for one in parsed if isinstance(one, Sale)]
    return [(line.quantity, line.amount_minor) for sale in sales for line in sale.lines]


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_an_amount_that_no_float_can_hold_is_read_to_the_minor_unit(vendor: str) -> None:
    found = [
        (quantity, amount)
        for record in records(vendor)
        for value in values(record)
        for number in (IN_KRONER, str(BEYOND))
        for quantity, amount in amounts(vendor, with_number(record, value, number))
    ]
    exact = {amount for quantity, amount in found if amount in {BEYOND, BEYOND * quantity}}
    assert exact
    # what a float makes of it, or of it times the pieces, or of it in kroner times a hundred
    floats = {int(float(BEYOND) * quantity) for quantity in (1, *(q for q, _ in found if q < 100))}
    floats |= {int(float(IN_KRONER) * 100 * quantity) for quantity in range(1, 100)}
    assert not {amount for _, amount in found} & (floats - exact - {0})


def numbers_like_it(vendor: str) -> Iterator[str | None]:
    """Yield what the adapter says is the number where the record's own, or a part, is BEYOND."""
    for record in records(vendor):
        number = ADAPTERS[vendor].number(record) or ""
        if number:
            yield ADAPTERS[vendor].number(record.replace(number.encode(), str(BEYOND).encode()))
        for part in re.findall("[0-9]+", number):
            yield ADAPTERS[vendor].number(with_number(record, Decimal(part), str(BEYOND)))
            yield ADAPTERS[vendor].number(record.replace(part.encode(), str(BEYOND).encode()))


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_a_number_that_no_float_can_hold_names_its_transaction(vendor: str) -> None:
    told = [number for number in numbers_like_it(vendor) if number is not None]
    assert any(str(BEYOND) in number for number in told)
    assert not any(str(BEYOND - 1) in number or "e+" in number for number in told)


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_many_decimals_are_read_exactly_or_rejected(vendor: str) -> None:
    tried = 0
    for record in records(vendor)[:8]:
        for value in values(record):
            for number in LONG:
                if long := amounts(vendor, with_number(record, value, number)):
                    assert amounts(vendor, with_number(record, value, SHORT)) == long
            zeros = amounts(vendor, with_number(record, value, "100.5" + "0" * 30))
            if zeros:
                assert amounts(vendor, with_number(record, value, "100.5")) == zeros
            tried += 1
    assert tried > 10


#: Where a Decimal is divided by a whole number; nothing else is divided.
DIVIDED = {"documentline.py: (sent.tax_percent or Decimal(0)) / 100"}


def test_no_adapter_speaks_of_floats() -> None:
    found = set()
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if _is_float(node):
                found.add(f"{path.name}: {ast.unparse(node)}")
    assert DIVIDED == found


def _is_float(node: ast.AST) -> bool:
    """Tell whether *node* is one, makes one, or decodes JSON without saying what numbers become."""
    if isinstance(node, ast.Name):
        return node.id in {"float", "json", "round"}
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "msgspec.json.Decoder":
        hooked = any(one.arg == "float_hook" for one in node.keywords)
        return not hooked and ast.unparse(node.args[0]) in {"Any", "dict[str, Any]", "shape"}
    # of files, a path is made so
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and not isinstance(node.right, ast.JoinedStr)
    )
