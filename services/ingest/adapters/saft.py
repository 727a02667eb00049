"""SAF-T Cash Register, the file that every Norwegian till can write; a receipt is the transaction.

DOC, by Skatteetaten (Skatteetaten/saf-t at 1abb7ec6: example, XSD, code lists): all names; amounts
in kroner with a point; ``amntTp`` C is income; the official example writes a return both negative
and D; codes are the till's own, what they mean stands in ``basics`` of the same file. ASSUMED: a
line is a return where it is D *or* negative, one sign; ``lineAmntIn`` is after the line's discount
unless only without it the lines come to ``transAmntIn``; 11009 corrects as its lines say;
what is weighed is one piece. Of two exports that hold a receipt the later made counts.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Item, Line, Performance, Transaction
from services.ingest.adapters import trees
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed
from services.ingest.adapters.mapped import shares
from services.ingest.adapters.money import minor_units, vat_rate
from services.ingest.adapters.persons import is_country, parted
from services.ingest.adapters.saftfile import GROUPS, TYPES, Receipt, receipt_in, split, stream
from services.ingest.adapters.sales import told
from services.ingest.adapters.times import Moment
from services.ingest.adapters.trees import Element, child, children, text

#: Article groups of the code list 04 that are one of our items.
_ITEMS: Mapping[str, Item] = {
    "04003": "merchandise",
    **dict.fromkeys(("04006", "04007", "04008", "04009", "04010", "04011", "04012"), "food"),
    "04013": "merchandise",
    "04014": "merchandise",
    "04015": "ticket",
    "04016": "ticket",
}
#: Types of the code list 11 that sell or take back.
_SALES = {
    "11001",
    "11002",
    "11006",
    "11009",
    "11012",
    "11013",
    "11015",
    "11016",
    "11017",
}
_WHOLE = re.compile(r"-?[0-9]{1,9}(\.0+)?")


def number(record: bytes) -> str | None:
    """Return the receipt's number, whatever else is wrong with it."""
    try:
        return receipt_in(record).number
    except Rejected:
        return None


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the sale or return in *record*; what is voided, training or neither is ignored."""
    receipt = receipt_in(record)
    sent = receipt.sent
    if _is_true(sent, "trainingID"):
        return (Ignored("training"),)
    if _is_true(sent, "voidTransaction"):
        return (Ignored("void"),)
    lines = children(sent, "ctLine")
    kind = receipt.meant(TYPES, text(sent, "transType"))
    if kind not in _SALES and (kind is not None or not lines):
        return (Ignored("no_sale"),)
    sold = trees.moment(trees.needed(sent, "transDate"), text(sent, "transTime"), "transDate")
    currency = text(receipt.root, "header", "curCode") or origin.organisation.currency
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Rejected(Reason.INVALID_FIELD, "curCode: expected three letters")
    found = [_line(line, receipt, sold, currency, origin) for line in lines]
    transaction = Transaction(
        transaction=receipt.number,
        order=receipt.number,
        version=_version(receipt.root),
        sold_at=sold.at,
        sold_is_date=sold.is_date,
        channel="till",
        currency=currency,
        lines=_discounted(_distinct(found), lines, sent, currency),
    )
    return told(transaction, _customer(receipt), origin)


def _is_true(sent: Element, named: str) -> bool:
    """Tell whether a flag is set; reject what is none, for it decides whether a sale counts."""
    said = text(sent, named)
    if said not in {None, "", "true", "false", "1", "0"}:
        raise Rejected(Reason.INVALID_FIELD, f"{named}: expected true or false")
    return said in {"true", "1"}


def _version(root: Element) -> int | None:
    """Return when the file was made: of two that hold a receipt the later counts."""
    day = text(root, "header", "dateCreated")
    if not day:
        return None
    made = trees.moment(day, text(root, "header", "timeCreated"), "dateCreated")
    return int(made.at.timestamp())


def _line(sent: Element, receipt: Receipt, sold: Moment, currency: str, origin: Origin) -> Line:
    paid = trees.amount(sent, "lineAmntIn")
    if paid is None:
        raise Rejected(Reason.INVALID_FIELD, "lineAmntIn: missing")
    count, sign = text(sent, "qnt") or "1", text(sent, "amntTp")
    if sign not in {"C", "D", "", None}:
        raise Rejected(Reason.INVALID_FIELD, "amntTp: expected C or D")
    number, named = receipt.article(sent)
    group = receipt.meant(GROUPS, text(sent, "artGroupID"))
    rate = trees.amount(sent, "vat", "vatPerc")
    return Line(
        line=trees.needed(sent, "lineID"),
        kind="refund" if sign == "D" or paid < 0 or count.startswith("-") else "sale",
        item=_item(number, named, group, origin),
        quantity=pieces(count, "qnt"),
        amount_minor=minor_units(abs(paid), currency, "lineAmntIn"),
        vat_rate=None if rate is None else vat_rate(abs(rate), "vatPerc"),
        at=sold.at,
        at_is_date=sold.is_date,
        ticket_type=named,
        performance=_venue(receipt),
    )


def pieces(count: str, field: str) -> int:
    """Return how many pieces *count* is, without its sign; what is weighed is one."""
    if _WHOLE.fullmatch(count):
        return abs(int(count.partition(".")[0]))
    if re.fullmatch(r"-?[0-9]{1,9}\.[0-9]{1,9}", count):
        return 1
    raise Rejected(Reason.INVALID_FIELD, f"{field}: expected a number")


def _item(number: str | None, named: str | None, group: str | None, origin: Origin) -> Item:
    """Return the item by the register's own word, else by the article group of the code list."""
    known = origin.feed.items
    if number not in known and named not in known and group is not None and group in _ITEMS:
        return _ITEMS[group]
    return cast("Item", origin.feed.item(number, named, default="other"))


def _venue(receipt: Receipt) -> Performance | None:
    place = text(receipt.root, "company", "location", "name")
    return Performance(venue=place) if place else None


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """Return the lines by their numbers, or all by their places where one stands twice."""
    if len({(line.line, line.kind) for line in lines}) == len(lines):
        return list(lines)
    return [replace(line, line=str(place)) for place, line in enumerate(lines, 1)]


def _discounted(
    lines: list[Line], sent: Sequence[Element], whole: Element, currency: str
) -> tuple[Line, ...]:
    """Return the lines before their discounts, and their discounts; they come to the total."""
    own = [_discount(line, currency) for line in sent]
    of_all = _discount(whole, currency)
    total = _total(whole, currency)
    net = [_signed(line, line.amount_minor) for line in lines]
    less = sum(net) - sum(_signed(x, d) for x, d in zip(lines, own, strict=True))
    if total in {abs(sum(net)), None} or total == abs(sum(net)) - of_all:
        before = [x.amount_minor + d for x, d in zip(lines, own, strict=True)]
        spread = of_all if total != abs(sum(net)) and total is not None else 0
    elif total in {abs(less), abs(less) - of_all}:
        before = [line.amount_minor for line in lines]
        spread = of_all if total != abs(less) else 0
    else:
        raise Rejected(Reason.INVALID_FIELD, "transAmntIn: not what the lines come to")
    if any(d > amount for d, amount in zip(own, before, strict=True)):
        raise Rejected(Reason.INVALID_FIELD, "dscAmnt: more than the amount")
    left = [amount - d for amount, d in zip(before, own, strict=True)]
    if spread > sum(left):
        raise Rejected(Reason.INVALID_FIELD, "dscAmnt: more than the lines come to")
    parts = shares(spread, left) if spread else [0] * len(left)
    return tuple(
        replace(line, amount_minor=amount, discount_minor=d + part)
        for line, amount, d, part in zip(lines, before, own, parts, strict=True)
    )


def _discount(element: Element, currency: str) -> int:
    found = (trees.amount(one, "dscAmnt") for one in children(element, "discount"))
    return sum(minor_units(abs(one), currency, "dscAmnt") for one in found if one is not None)


def _total(whole: Element, currency: str) -> int | None:
    """Return what the receipt comes to; rounding to whole kroner is apart."""
    said = trees.amount(whole, "transAmntIn")
    return None if said is None else minor_units(abs(Decimal(said)), currency, "transAmntIn")


def _signed(line: Line, amount: int) -> int:
    return amount if line.kind == "sale" else -amount


def _customer(receipt: Receipt) -> Customer | None:
    number = text(receipt.sent, "custSupID") or None
    if number is None:
        return None
    known = children(child(receipt.root, "company", "customersSuppliers"), "customerSupplier")
    found = next((one for one in known if text(one, "custSupID") == number), None)
    named = text(found, "custSupName")
    given, family = (None, None) if named is None else parted(named)
    address = child(found, "streetAddress")
    if address is None:
        address = child(found, "postalAddress")
    street = " ".join(filter(None, (text(address, "streetname"), text(address, "number"))))
    country = text(address, "country")
    return Customer(
        number=number,
        given_name=given,
        family_name=family,
        email=text(found, "eMail"),
        phone=text(found, "telephone"),
        street=street or None,
        postal_code=text(address, "postalCode"),
        country=country.upper() if country and is_country(country) else None,
    )


ADAPTER = Adapter(
    label="DOC",
    transports=("import", "push"),
    transaction_is="the receipt, transID of a registerID",
    split=split,
    parse=parse,
    number=number,
    stream=stream,
    about=About(
        name="SAF-T Cash Register",
        delivers={
            "transaction": "DOC",
            "version": "DOC",
            "sold_at": "DOC",
            "currency": "DOC",
            "customer.number": "DOC",
            "customer.family_name": "DOC",
            "customer.email": "DOC",
            "customer.phone": "DOC",
            "customer.street": "DOC",
            "customer.postal_code": "DOC",
            "customer.country": "DOC",
            "line": "DOC",
            "kind": "DOC",
            "item": "DOC",
            "ticket_type": "DOC",
            "quantity": "DOC",
            "amount": "DOC",
            "discount": "ASSUMED",
            "vat_rate": "DOC",
            "performance.venue": "DOC",
        },
        money=(
            "kroner with a point and two decimals, of the line as a whole, with VAT (DOC); a "
            "line's discount is within it, unless only so the lines do not come to transAmntIn "
            "(ASSUMED)"
        ),
        times="transDate and transTime, local without a zone (DOC)",
        refunds=(
            "a line with amntTp D, or with a negative amount or quantity; the sign is applied "
            "once, for the official example has both (DOC; that one alone is enough: ASSUMED)"
        ),
        exchanges="a return and a sale in one receipt or in two; nothing ties two together",
        versions=(
            "when the file was made, dateCreated and timeCreated: of two exports that hold a "
            "receipt the later made counts"
        ),
        authentication="none: a file, which is imported or sent signed as the open standard is",
        configure=(
            "items in the register, by article number or name, for season passes, gift cards "
            "and what is sold under group 04999; groups 04015 and 04016 are tickets, 04006 to "
            "04012 food. Whose customers are not in the file are without one"
        ),
        verify=(
            "that admission has article group 04015, or 04016 where it is free",
            "what a till writes in a return: amntTp and signs",
            "whether a discount is within lineAmntIn",
            "how many people a family ticket admits",
        ),
        cannot_say={"fee": "a till has no fees: what is charged is an article of its own"},
    ),
)
