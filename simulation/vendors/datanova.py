"""Datanova's report of a shop's day; each order stands for one till's day, whose number it has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from kudos.register import OSLO
from simulation.orders import Document, Fate, Line, Order
from simulation.programme import Performance
from simulation.vendors.markup import HEAD, element
from simulation.vendors.telling import back, corrected, document, midnight, says, written

_SAYS = says("ticket_type", "")
_TELLS = ("drop", "quantity", "retype")
_COLUMNS = ("Butikk-nr.", "Varenavn", "Varenr.", "Dato", "Antall solgt", "Oms. etter rab.")


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the day, again as it is next day, and the days on which something was returned."""
    shop = Performance(None, "", str(order.number), "", None)
    lines = [
        structs.replace(_SAYS.of(line), line=f"{3000 + place}", performance=shop)
        for place, line in enumerate(order.lines)
    ]
    told = document(order, "", lines, channel="till", day=True)
    told = _named(structs.replace(told, account=None), order.number)
    yield told
    names = {line.line: made.line for line, made in zip(order.lines, lines, strict=True)}
    days = {told.transaction}
    for fate in fates:
        pieces = {names[line]: count for line, count in fate.pieces.items()}
        if fate.what == "refund":
            day = _returned(told, pieces, fate, order.number)
            # what is returned on a day that was told is within its totals, and cannot be seen
            if day.lines and day.transaction not in days:
                days.add(day.transaction)
                yield day
        elif fate.what == "correct" and len(days) == 1 and fate.how in _TELLS:
            changed = corrected(told, structs.replace(fate, pieces=pieces))
            if changed is not None:
                told = structs.replace(changed, due=fate.at)
                yield told


def _returned(told: Document, pieces: Mapping[str, int], fate: Fate, shop: int) -> Document:
    lines = [back(x, min(pieces[x.line], x.quantity)) for x in told.lines if x.line in pieces]
    day = structs.replace(told, sold_at=midnight(fate.at), lines=tuple(lines), due=fate.at)
    return _named(day, shop)


def _named(day: Document, shop: int) -> Document:
    number = f"{shop}-{day.sold_at.astimezone(OSLO):%Y-%m-%d}"
    return structs.replace(day, transaction=number, order=number)


def native(day: Document) -> dict[str, Any]:
    """Return the rows of the day, with the month first as in the new version."""
    at = day.sold_at.astimezone(OSLO)
    date = f"{at.month}/{at.day}/{at.year} 12:00:00 AM"
    return {"rows": [_row(line, date) for line in day.lines]}


def _row(line: Line, date: str) -> list[str]:
    shop = line.performance.venue if line.performance else ""
    sign = -1 if line.kind == "refund" else 1
    count, amount = sign * line.quantity, written(sign * line.amount_minor, ",")
    return [shop, line.ticket_type or "", line.line, date, str(count), amount]


def whole(days: Sequence[Mapping[str, Any]], form: int) -> tuple[str, bytes]:
    """Return reports, or of one day, now and then, the text that is inside of one."""
    if len(days) == 1 and form:
        rows = [list(_COLUMNS), *days[0]["rows"]]
        return "text/plain", "\n".join("|".join(row) for row in rows).encode()
    reports = "".join(
        element(
            "report",
            "",
            name="6.04 Salg pr. vare pr. dag ( spesifisert )",
            allrows="true",
            columns="|".join(_COLUMNS),
        ).replace("</report>", _rows(day) + "</report>")
        for day in days
    )
    text = f'{HEAD}<ivxml version="1.0.0" delimiter="|">{reports}</ivxml>'
    return "text/xml; charset=utf-8", text.encode()


def _rows(day: Mapping[str, Any]) -> str:
    return "".join(element("row", "", values="|".join(row)) for row in day["rows"])
