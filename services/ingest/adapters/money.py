"""Money as it is sent: Decimal from the raw text, then whole minor units of a currency."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache
from typing import Any, Literal

from kudos.currencies import DIGITS
from kudos.errors import Reason, Rejected

#: What a single amount may be at most, in the currency's main unit.
LARGEST = 10**15
#: What a line may be at most, in minor units: sums of lines fit 64 bits.
LARGEST_MINOR = 1 << 62
#: More digits are nobody's price, and plain arithmetic would round them.
_DIGITS = 28
#: Products stay exact, or raise.
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation, Overflow])
#: Where halves are meant to be rounded.
_WIDE = Context(prec=64, traps=[InvalidOperation, Overflow])

#: An amount as text: a point, no sign, no exponent, no blanks.
PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,9})?$"
_plain = re.compile(PATTERN[1:-1]).fullmatch
_signed = re.compile(f"-?{PATTERN[1:-1]}").fullmatch
#: The same with a decimal comma, which is no thousands' sign where at most two digits follow.
_comma = re.compile(r"[0-9]{1,15},[0-9]{1,2}").fullmatch


class Amount(Decimal):
    """A number that was sent as a JSON number or as text, 0 or more."""


class Signed(Decimal):
    """As Amount, but it may be negative."""


class Local(Decimal):
    """As Amount, but in text the decimal sign may be a comma."""


def amount(sent: Any) -> Amount:
    """Return what JSON holds as an Amount, or raise ValueError."""
    if type(sent) is str:
        return _written(sent)
    if type(sent) not in (int, Decimal) or not 0 <= sent < LARGEST:
        raise ValueError("Expected an amount, 0 or more")
    return Amount(_exact(sent))


@lru_cache(maxsize=4096)
def _written(text: str) -> Amount:
    """Return what *text* says; prices are few, and read again and again."""
    if _plain(text) is None:
        raise ValueError("Expected an amount, 0 or more, with a point")
    return Amount(text)


def signed(sent: Any) -> Signed:
    """Return what JSON holds as a Signed, or raise ValueError."""
    if type(sent) is str:
        if _signed(sent) is None:
            raise ValueError("Expected an amount with a point")
    elif type(sent) not in (int, Decimal) or not -LARGEST < sent < LARGEST:
        raise ValueError("Expected an amount")
    return Signed(_exact(sent))


def _exact(sent: Any) -> Any:
    if type(sent) is Decimal and len(sent.as_tuple().digits) > _DIGITS:
        raise ValueError(f"Expected an amount of at most {_DIGITS} digits")
    return sent


def local(sent: Any) -> Local:
    """Return what JSON holds as a Local, or raise ValueError."""
    if type(sent) is str and _comma(sent) is not None:
        sent = sent.replace(",", ".")
    return Local(amount(sent))


def minor_units(
    price: Decimal,
    currency: str,
    field: str,
    quantity: int = 1,
    *,
    unit: Literal["main", "minor"] = "main",
) -> int:
    """Return *quantity* times *price*, which is in *unit*, as an integer of the minor unit.

    Reject, naming *field*, what is negative, finer than that unit, or beyond 2⁶².
    """
    try:
        whole = price if quantity == 1 else _EXACT.multiply(price, quantity)
        digits = 0 if unit == "minor" else DIGITS.get(currency, 2)
        found = int(_EXACT.to_integral_exact(_EXACT.scaleb(whole, digits)))
    except ArithmeticError:
        raise Rejected(Reason.INVALID_FIELD, f"{field}: finer than {currency} is") from None
    if not 0 <= found < LARGEST_MINOR:
        raise Rejected(Reason.INVALID_FIELD, f"{field}: beyond what an amount may be")
    return found


def nearest_minor_units(
    price: Decimal, currency: str, field: str, factor: Decimal = Decimal(1)
) -> int:
    """Return *price* times *factor* as minor units, halves up, for vendors that send finer ones."""
    try:
        digits = Decimal(1).scaleb(-DIGITS.get(currency, 2))
        nearest = _EXACT.multiply(price, factor).quantize(digits, ROUND_HALF_UP, _WIDE)
    except ArithmeticError:
        raise Rejected(Reason.INVALID_FIELD, f"{field}: beyond what an amount may be") from None
    return minor_units(nearest, currency, field)


def vat_rate(per_cent: Decimal, field: str) -> int:
    """Return a rate in hundredths of a per cent; reject, naming *field*, what is no rate."""
    try:
        found = int(_EXACT.to_integral_exact(_EXACT.scaleb(per_cent, 2)))
    except ArithmeticError:
        found = -1
    if not 0 <= found <= 10_000:
        raise Rejected(Reason.INVALID_FIELD, f"{field}: 0 to 100 per cent, at most two decimals")
    return found
