"""SAF-T Cash Register: a file of receipts; a return is a receipt of its own, and none changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from kudos.records import Item
from simulation.accounts import Account
from simulation.houses import HOUSES
from simulation.orders import Document, Fate, Line, Order
from simulation.programme import Performance
from simulation.vendors.markup import HEAD, within
from simulation.vendors.telling import article, back, by_the_clock, document, local, says, written

_SAYS = says("discount vat_rate ticket_type", "")
_TILL = "K1"
#: Receipts of one order are numbered below the next order's.
_RECEIPTS = 100
_CURRENCIES = {house.id: house.currency for house in HOUSES}
#: The till's own codes, and the article groups of the code list that they are.
_GROUPS: Mapping[Item, tuple[str, str]] = {
    "ticket": ("100", "04015"),
    "food": ("200", "04006"),
    "merchandise": ("300", "04003"),
}
_OTHER = ("900", "04999")
_SOLD, _RETURNED = "CASHSAL", "RETURNSAL"
_TYPES = {_SOLD: "11001", _RETURNED: "11013"}
_SPACE = "urn:StandardAuditFile-Taxation-CashRegister:NO"


def documents(order: Order, fates: Sequence[Fate]) -> Iterator[Document]:
    """Yield the receipt, and one for each return."""
    place = Performance(None, "", order.house.halls[0], "", None)
    lines = [structs.replace(_SAYS.of(line), performance=place) for line in order.lines]
    receipt = document(order, _name(order, 0), lines, channel="till")
    sold_at = by_the_clock(order.sold_at)
    # a till takes one currency
    currency = order.house.currency
    receipt = structs.replace(receipt, sold_at=sold_at, currency=currency)
    yield receipt
    gone: set[str] = set()
    for number, fate in enumerate(fates, 1):
        given = [x for x in lines if x.line in fate.pieces and x.line not in gone]
        if fate.what != "refund" or not given:
            continue
        gone |= fate.pieces.keys()
        returned = [back(line, min(fate.pieces[line.line], line.quantity)) for line in given]
        name = _name(order, number)
        yield structs.replace(
            receipt,
            transaction=name,
            order=name,
            sold_at=by_the_clock(fate.at),
            lines=tuple(returned),
            due=fate.at,
        )


def _name(order: Order, receipt: int) -> str:
    return f"{_TILL}-{order.number * _RECEIPTS + receipt}"


def native(told: Document) -> dict[str, Any]:
    """Return the receipt, and what the rest of the file has to hold for it."""
    is_back = told.lines[0].kind == "refund"
    # some tills write what goes back as less than nothing as well
    sign = -1 if is_back and told.style % 2 else 1
    total = sum(line.amount_minor - line.discount_minor for line in told.lines)
    number = told.transaction.rpartition("-")[2]
    known = told.account.number if told.account else None
    direction = "D" if is_back else "C"
    return {
        "house": told.house,
        "due": told.due,
        "venue": told.lines[0].performance and told.lines[0].performance.venue,
        "account": told.account,
        "articles": [
            (article(line.ticket_type), line.ticket_type, _group(line)) for line in told.lines
        ],
        "receipt": {
            "nr": number,
            "transID": number,
            "transType": _RETURNED if is_back else _SOLD,
            "transAmntIn": written(sign * total),
            "amntTp": direction,
            "transDate": local(told.sold_at, "%Y-%m-%d"),
            "transTime": local(told.sold_at, "%H:%M:%S"),
            "custSupID": known,
            "ctLine": [_line(line, number, sign, direction) for line in told.lines],
            "voidTransaction": "false",
            "trainingID": "false",
        },
    }


def _group(line: Line) -> tuple[str, str]:
    return _GROUPS.get(line.item, _OTHER)


def _line(line: Line, number: str, sign: int, direction: str) -> dict[str, Any]:
    paid = sign * (line.amount_minor - line.discount_minor)
    return {
        "nr": number,
        "lineID": line.line,
        "lineType": "RET" if direction == "D" else "SAL",
        "artGroupID": _group(line)[0],
        "artID": article(line.ticket_type),
        "qnt": sign * line.quantity,
        "lineAmntIn": written(paid),
        "amntTp": direction,
        "vat": {"vatCode": "1", "vatPerc": written(line.vat_rate or 0)},
        "discount": {"dscTp": "RAB", "dscAmnt": written(line.discount_minor)}
        if line.discount_minor
        else None,
    }


def whole(told: Sequence[Mapping[str, Any]], _form: int) -> tuple[str, bytes]:
    """Return a file of all that was *told*, made after the last of it."""
    made = max(one["due"] for one in told)
    articles = {one[0]: one for receipt in told for one in receipt["articles"]}
    customers = {who.number: who for one in told if (who := one["account"]) and who.number}
    groups = dict([*_GROUPS.values(), _OTHER])
    file = {
        "header": {
            "fiscalYear": f"{made:%Y}",
            "curCode": _CURRENCIES.get(told[0]["house"], "NOK"),
            "dateCreated": local(made, "%Y-%m-%d"),
            "timeCreated": local(made, "%H:%M:%S"),
        },
        "company": {
            "companyName": told[0]["house"],
            "customersSuppliers": {"customerSupplier": [_customer(x) for x in customers.values()]},
            "articles": {
                "article": [
                    {"artID": number, "artGroupID": group[0], "artDesc": name}
                    for number, name, group in articles.values()
                ]
            },
            "basics": {
                "basic": [
                    {"basicType": kind, "basicID": own, "predefinedBasicID": meant}
                    for kind, codes in (("04", groups), ("11", _TYPES))
                    for own, meant in codes.items()
                ]
            },
            "location": {
                "name": told[0]["venue"],
                "cashregister": {
                    "registerID": _TILL,
                    "cashtransaction": [one["receipt"] for one in told],
                },
            },
        },
    }
    text = f'{HEAD}<auditfile xmlns="{_SPACE}">{within(file)}</auditfile>'
    return "application/xml", text.encode()


def _customer(who: Account) -> dict[str, Any]:
    street, _, number = (who.street or "").rpartition(" ")
    address = {"streetname": street, "number": number, "postalCode": who.postal_code}
    return {
        "custSupID": who.number,
        "custSupName": f"{who.given_name or ''} {who.family_name or ''}".strip(),
        "custSupType": "CUST",
        "telephone": who.phone,
        "eMail": who.email,
        "streetAddress": {**address, "country": who.country},
    }
