"""Tixly's sale rows: no version, no production; a return is a later row with a negative count."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from kudos.register import OSLO
from simulation.orders import Contact, Document, Fate, Line, Order
from simulation.programme import Performance
from simulation.vendors.homemade import first

#: Rows of one order are numbered below the next order's.
_ROWS = 1000


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield one document a row: the sales, then the rows that returns, exchanges, changes bring."""
    rows = [_row(order, number, line) for number, line in enumerate(order.lines)]
    yield from rows
    number = len(rows)
    # a row that was returned is not touched again
    closed: set[str] = set()
    for fate in fates:
        for place, sold in enumerate(rows):
            line = sold.lines[0]
            if line.line not in fate.pieces or line.line in closed:
                continue
            for row in _told(order, sold, number, fate):
                number += row.transaction != sold.transaction
                rows[place] = row if row.transaction == sold.transaction else rows[place]
                yield row
            if fate.what != "correct":
                closed.add(line.line)


def _row(order: Order, number: int, line: Line) -> Document:
    told = structs.replace(line, performance=_event(line.performance), vat_rate=None)
    row = first(order, str(order.number * _ROWS + number), None)
    return structs.replace(row, lines=(told,))


def _event(performance: Performance | None) -> Performance | None:
    """Return what a row tells of a performance: its number."""
    return performance and Performance(performance.number, "", "", "", None)


def _told(order: Order, sold: Document, number: int, fate: Fate) -> Iterator[Document]:
    line = sold.lines[0]
    if fate.what == "correct":
        if fate.how == "retype":
            cheaper = structs.replace(
                line, ticket_type="Kampanje", amount_minor=line.amount_minor // 200 * 100
            )
            yield structs.replace(sold, lines=(cheaper,), due=fate.at)
        return
    count = min(fate.pieces[line.line], line.quantity)
    back = structs.replace(
        line,
        kind="refund",
        quantity=count,
        amount_minor=line.amount_minor // line.quantity * count,
        fee_minor=0,
    )
    # at the counter
    place = structs.replace(sold, channel="box_office", sold_at=fate.at, due=fate.at)
    yield _numbered(place, order, number, back)
    if fate.what == "exchange":
        new = structs.replace(line, fee_minor=0, performance=_event(fate.performance))
        yield _numbered(place, order, number + 1, new)


def _numbered(row: Document, order: Order, number: int, line: Line) -> Document:
    return structs.replace(row, transaction=str(order.number * _ROWS + number), lines=(line,))


def native(document: Document) -> dict[str, Any]:
    """Return the sale row of *document*; names as in the CRM API."""
    line = document.lines[0]
    back = line.kind == "refund"
    assert document.account is None or document.account.number is not None  # noqa: S101
    customer = document.account and int(document.account.number or 0)
    return {
        "SaleTicketId": int(document.transaction),
        "TicketId": int(document.order) * _ROWS + int(line.line),
        "EventId": line.performance and line.performance.number,
        "CustomerId": customer,
        "IsAnonymousSale": customer is None,
        "OrderId": int(document.order),
        "TicketTypeId": len(line.ticket_type or ""),
        "SubscriptionTypeId": None,
        "TicketType": line.ticket_type,
        "PriceZoneId": 3,
        "PriceZone": line.price_category,
        "Section": "Parkett",
        "Row": str(document.style % 30 + 1),
        "Seat": line.line,
        "Entrance": "Dør A",
        "TicketCount": -line.quantity if back else line.quantity,
        "Price": line.amount_minor / line.quantity / 100,
        "Fee": line.fee_minor / 100,
        "Online": document.channel == "web",
        "Scanned": False,
        "SkinID": 2,
        "OrganisationID": 77,
        "Created": _local(document.sold_at),
    }


#: As Tixly numbers them: it has no third.
_GENDERS = {"male": 1, "female": 2}


def contact(told: Contact) -> dict[str, Any]:
    """Return the record of the customers' page; names as in the CRM API."""
    who = told.account
    return {
        "Id": int(who.number or 0),
        "Created": _local(told.since),
        "Edited": _local(told.edited_at) if told.edited_at != told.since else None,
        "FirstName": who.given_name,
        "LastNamePrefix": None,
        "LastName": who.family_name,
        "Email": who.email,
        "AddressOne": who.street,
        "ZipCode": who.postal_code,
        "Country": who.country,
        "DateOfBirth": who.birth_date and f"{who.birth_date}T00:00:00",
        "Gender": who.gender and _GENDERS[who.gender],
    }


def _local(at: datetime) -> str:
    return at.astimezone(OSLO).strftime("%Y-%m-%dT%H:%M:%S")
