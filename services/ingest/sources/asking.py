"""Whom Dun & Bradstreet is asked of, and how a question and its stored answer are written.

SEEN: the names of a query. A national identity number is never sent, nor whoever said no.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from kudos.records import Customer
from services.ingest.adapters.reading import reader
from services.ingest.sources.cells import split

#: The columns of a file of customers, as of ``kudos evaluate identity``; others are not read.
_FIELDS = frozenset(Customer.__struct_fields__) - {"consents", "gender"}
_customer = reader(Customer)


class _Stored(Struct, frozen=True):
    asked: Customer
    answered_at: datetime
    answer: Raw


def customers(body: bytes) -> list[Customer]:
    """Return who stands in a file, delimited or JSON; raise Rejected for what is no customer."""
    return [_read(record) for record in split(body)]


def is_askable(customer: Customer) -> bool:
    """Tell whether a register can tell who is meant: by name and birth date, or place and phone."""
    named = customer.given_name and customer.family_name
    born = len(customer.birth_date or "") == len("yyyy-mm-dd")
    placed = customer.postal_code and customer.phone
    return bool(customer.consents.statistics is not False and named and (born or placed))


def query(customer: Customer) -> dict[str, str]:
    """Return the question of *customer*, of what is known and no more than it is found by."""
    said = {
        "firstName": customer.given_name,
        "familyName": customer.family_name,
        "dateOfBirth": customer.birth_date,
        "phoneNumber": customer.phone,
        "streetAddress": customer.street,
        "postalCode": customer.postal_code,
        "sourceCountry": customer.country or "NO",
    }
    return {name: value for name, value in said.items() if value}


def stored(asked: Sequence[Customer], answers: Sequence[Raw], at: datetime) -> list[bytes]:
    """Return lines for ``kudos import dnb``: who was asked of, when, and the answer as it came."""
    encode = msgspec.json.encode
    pairs = zip(asked, answers, strict=True)
    return [encode(_Stored(customer, at, answer)) for customer, answer in pairs]


def asked_of(line: bytes) -> Customer | None:
    """Return of whom a stored answer is; None where *line* is none."""
    try:
        return msgspec.json.decode(line, type=_Stored).asked
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _read(record: bytes) -> Customer:
    fields: dict[str, Any] = msgspec.json.decode(record)
    flat = {name: value for name, value in fields.items() if name in _FIELDS and value != ""}
    agreed = fields.get("consents")
    return _customer(msgspec.json.encode(flat | ({} if agreed is None else {"consents": agreed})))
