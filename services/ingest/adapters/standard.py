"""The open standard as it is sent: its shapes, and the JSON Schema that is published of them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from kudos.records import Channel, Item, Kind
from services.ingest.adapters import money, times
from services.ingest.adapters.money import Amount
from services.ingest.adapters.reading import Number, Quantity, Text
from services.ingest.adapters.times import Moment

_Empty = Literal[""]
#: As much of a birth date as is known.
BirthDate = Annotated[
    str, Meta(pattern=r"^((1[89]|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$")
]
Country = Annotated[str, Meta(pattern=r"^([A-Za-z]{2})?$", description="ISO 3166-1 alpha-2")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Version = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Consents(Struct, frozen=True):
    """What the customer agreed to; null was not asked."""

    statistics: bool | None = None


class Customer(Struct, frozen=True):
    """Who placed the order; null was not sent, "" was sent empty."""

    number: Text | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    street: Text | None = None
    postal_code: Text | None = None
    country: Country | None = None
    birth_date: BirthDate | None = None
    gender: Literal["female", "male", "other", ""] | None = None
    consents: Consents | None = None


class Performance(Struct, frozen=True):
    """One dated event, in the sender's own words."""

    id: Text | None = None
    starts_at: Moment | None = None
    production: Text | None = None
    venue: Text | None = None
    genre: Text | None = None


class Line(Struct, frozen=True):
    """A sale or a refund; numbers are never negative, *kind* gives the sign."""

    quantity: Quantity
    line: Number | None = None  # else its place among the lines, from 1
    kind: Kind | None = None  # else a sale
    unit_price: Amount | None = None  # before the discount
    amount: Amount | None = None  # in its place: of the whole line, before the discount
    discount: Amount | None = None  # of the whole line
    fee: Amount | None = None  # of the whole line
    vat_rate: Amount | None = None  # per cent
    item: Item | None = None
    ticket_type: Text | None = None
    price_category: Text | None = None
    at: Moment | None = None
    performance: Performance | None = None


class Transaction(Struct, frozen=True):
    """What the sender replaces as a whole: a newer version of it wins."""

    transaction: Number
    version: Version
    sold_at: Moment
    lines: Annotated[tuple[Line, ...], Meta(max_length=10_000)]
    order: Number | None = None
    channel: Channel | None = None
    currency: Currency | None = None
    customer: Customer | None = None


#: A line gives its price, or its amount, and not both.
_ONE_PRICE = [
    {
        "required": [name],
        "properties": {name: {"type": ["string", "number"]}, other: {"type": "null"}},
    }
    for name, other in (("unit_price", "amount"), ("amount", "unit_price"))
]
_HOOKED: dict[Any, dict[str, Any]] = {
    Amount: {
        "type": ["string", "number"],
        "pattern": money.PATTERN,
        "minimum": 0,
        "exclusiveMaximum": money.LARGEST,
        "description": "a number, or text with a point and no exponent; kroner, not øre",
    },
    Moment: {
        "type": "string",
        "pattern": times.PATTERN,
        "description": "ISO 8601; a bare date has no hour; without a zone it is Europe/Oslo",
    },
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of one transaction, as it is published.

    What no schema can say, the reader still asks: days of the calendar, amounts in whole units of
    the currency, a discount within its amount, a line's number once for each kind.
    """
    made = msgspec.json.schema(Transaction, schema_hook=lambda shape: dict(_HOOKED[shape]))
    made["$defs"]["Line"]["oneOf"] = _ONE_PRICE
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A transaction of the open standard of KUDOS",
        **made,
    }
