"""Tessitura's orders in ProductsView, and the times that who fetches adds: the later is newer."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from msgspec import structs

from kudos.records import Channel
from simulation.accounts import Account
from simulation.orders import Document, Fate, Line, Order
from simulation.vendors.telling import (
    back,
    changed_at,
    cheaper,
    document,
    kroner,
    offset,
    says,
    since_1970,
)

_SAYS = says("discount fee ticket_type price_category", "number production venue starts_at")
#: A return's number is so much greater than that of what is returned.
_RETURN = 500
_MODES: dict[Channel, str] = {"web": "Web", "phone": "Phone", "box_office": "Box Office"}
_PAID = {"donation": "Contribution", "gift_card": "GiftCertificate"}
_COUNTRIES = {"NO": "Norway", "SE": "Sweden", "DK": "Denmark"}
_EXCHANGE_FEE = 2500


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the order at each save."""
    lines = [_named(_SAYS.of(line), order.number * 1000 + n) for n, line in enumerate(order.lines)]
    channel: Channel = order.channel if order.channel in _MODES else "other"
    version = since_1970(order.sold_at)
    told = document(order, str(order.number), lines, channel=channel, version=version)
    yield told
    names = {line.line: made.line for line, made in zip(order.lines, lines, strict=True)}
    for fate in fates:
        pieces = {names[line]: count for line, count in fate.pieces.items()}
        saved = _saved(told, structs.replace(fate, pieces=pieces))
        if saved is not None:
            version = max(since_1970(fate.at), version + 1)
            told = structs.replace(saved, version=version, due=fate.at)
            yield told


def _named(line: Line, number: int) -> Line:
    """Return *line* with its number; what is no seat has one piece, no type and no price zone."""
    if line.item not in _PAID:
        return structs.replace(line, line=str(number))
    name = f"{_PAID[line.item]}-{number}"
    return structs.replace(
        line, line=name, quantity=1, ticket_type=None, price_category=None, discount_minor=0
    )


def _number(line: Line) -> int:
    return int(line.line.rpartition("-")[2])


def _saved(told: Document, fate: Fate) -> Document | None:
    if fate.what == "correct":
        return _corrected(told, fate)
    gone = {_number(line) - _RETURN for line in told.lines if line.kind == "refund"}
    chosen = [x for x in told.lines if x.line in fate.pieces and _number(x) not in gone]
    if not chosen:
        return None
    added = [_returned(line, fate) for line in chosen]
    if fate.what == "exchange":
        number = max(_number(line) % _RETURN for line in told.lines) + 1
        new = structs.replace(
            chosen[0],
            at=fate.at,
            fee_minor=_EXCHANGE_FEE,
            performance=_SAYS.event(fate.performance),
        )
        added.append(_named(new, int(told.order) * 1000 + number))
    return structs.replace(told, lines=told.lines + tuple(added))


def _returned(line: Line, fate: Fate) -> Line:
    """Return the return of *line*; what is no seat has no time of its own."""
    is_seat = line.item not in _PAID
    named = _named(back(line, line.quantity), _number(line) + _RETURN)
    fee = line.fee_minor if fate.what == "refund" and is_seat else 0
    return structs.replace(
        named, fee_minor=fee, at=fate.at if is_seat else None, undated=not is_seat
    )


def _corrected(told: Document, fate: Fate) -> Document | None:
    if fate.how == "claim" and told.account is None and fate.account is not None:
        return structs.replace(told, account=fate.account)
    is_untouched = all(line.kind == "sale" for line in told.lines)
    (name,) = fate.pieces
    seats = [line for line in told.lines if line.line == name and line.item not in _PAID]
    if fate.how not in {"retype", "drop"} or not (is_untouched and seats):
        return None
    kept = [line for line in told.lines if line.line != name]
    if fate.how == "drop":
        return structs.replace(told, lines=tuple(kept)) if kept else None
    lines = [cheaper(line) if line.line == name else line for line in told.lines]
    return structs.replace(told, lines=tuple(lines))


def native(told: Document) -> dict[str, Any]:
    """Return the order."""
    seats = [line for line in told.lines if line.item not in _PAID]
    others = [line for line in told.lines if line.item in _PAID]
    products = [
        _performance(place, list(lines), told)
        for place, (_, lines) in enumerate(groupby(seats, key=lambda line: line.performance), 1)
    ]
    return {
        "Id": int(told.transaction),
        "OrderDateTime": offset(told.sold_at),
        "UpdatedDateTime": changed_at(told.version or 0),
        "Constituent": _constituent(told.account) if told.account else {"Id": 0},
        "ModeOfSale": {"Id": 8, "Description": _MODES.get(told.channel, "Partner")},
        "OrderFees": [],
        "Products": products + [_paid(line) for line in others],
    }


def _performance(place: int, lines: list[Line], told: Document) -> dict[str, Any]:
    played = lines[0].performance
    item: dict[str, Any] = {"Id": place, "SubLineItems": [_seat(line, told) for line in lines]}
    if played is not None:
        item["Performance"] = {
            "Id": played.number,
            "Description": played.production,
            "Facility": {"Id": 4, "Description": played.venue},
            "PerformanceDateTime": offset(played.starts_at),
            "ProductionSeason": {"Id": 48, "Description": played.production},
        }
    return {
        "ProductClass": {"Id": 1, "Description": "Performance"},
        "Performance": {"LineItem": item},
    }


def _seat(line: Line, told: Document) -> dict[str, Any]:
    number, is_back = int(line.line), line.kind == "refund"
    sign = -1 if is_back else 1
    due = kroner(sign * (line.amount_minor - line.discount_minor))
    seat: dict[str, Any] = {
        "Id": number,
        "StatusId": (4 if told.style % 2 else 3) if is_back else 12,
        "PriceType": {"Id": 1, "Description": line.ticket_type},
        "Zone": {"Id": 809, "Description": line.price_category},
        "DueAmount": due,
        "PaidAmount": due,
        "SubLineItemDetails": [
            {"Id": number, "OriginalPrice": kroner(sign * line.amount_minor), "DueAmount": due}
        ],
        "SubLineItemFees": [],
    }
    if is_back:
        seat["ReturnParentSubLineItemId"] = number - _RETURN
    if line.at is not None:
        seat["CreatedDateTime"] = offset(line.at)
    if line.fee_minor:
        seat["SubLineItemFees"] = [{"Id": number, "Amount": kroner(sign * line.fee_minor)}]
    return seat


def _paid(line: Line) -> dict[str, Any]:
    sign = -1 if line.kind == "refund" else 1
    return {_PAID[line.item]: {"Id": _number(line), "Amount": kroner(sign * line.amount_minor)}}


def _constituent(who: Account) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Id": int(who.number or 0),
        "FirstName": who.given_name,
        "LastName": who.family_name,
        "Gender": who.gender and {"Id": 1, "Description": who.gender.title()},
    }
    if who.street is not None:
        found["Addresses"] = [
            {
                "Street1": who.street,
                "PostalCode": who.postal_code,
                "Country": {"Id": 1, "Description": _COUNTRIES.get(who.country or "", who.country)},
                "PrimaryIndicator": True,
            }
        ]
    if who.email is not None:
        found["ElectronicAddresses"] = [
            {"Address": who.email, "IsEmail": True, "PrimaryIndicator": True}
        ]
    if who.phone is not None:
        found["PhoneNumbers"] = [{"PhoneNumber": who.phone}]
    return found
