"""Business Central: the posted document is the transaction, an invoice or a credit memo.

DOC (learn.microsoft.com, API v2.0: salesInvoice, salesCreditMemo, their lines, customer, webhooks):
all names; that lines and customer come where they are expanded; that a notification names a
resource alone; the statuses; ``lastModifiedDateTime``, the version. ASSUMED: that what is not yet
posted (Draft, In Review, blank) is no sale; that a Canceled or Corrective document counts at its
face, for the document that takes it back comes too; that a discount is of ``pricesIncludeTax`` as
the unit price; that a blank date is 0001-01-01. Only a customer of type Person has a name here: its
last word is the family name. Items are what the register's ``items`` say of ``lineObjectNumber``
or ``description``, else other: it knows no event, venue or performance.
"""

from typing import Annotated, cast

from msgspec import Meta, Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Kind, Line, Transaction
from services.ingest.adapters import documentline, sales
from services.ingest.adapters.base import About, Adapter, Origin, Parsed, Person
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.money import (
    Signed,
    minor_units,
)
from services.ingest.adapters.reading import Number, Text, number_of, reader
from services.ingest.adapters.times import Moment, microseconds, read

Lines = Annotated[tuple[documentline.DocumentLine, ...], Meta(max_length=10_000)]


class Contact(Struct, frozen=True, rename="camel"):
    """A customer, expanded or as a record of its own."""

    number: Text | None = None
    display_name: Text | None = None
    type: Text | None = None
    address_line1: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    phone_number: Text | None = None
    email: Text | None = None
    last_modified_date_time: Moment | None = None


class Document(Struct, frozen=True, rename="camel"):
    """An invoice or a credit memo; a notification has a ``changeType``, a customer a type."""

    id: Number | None = None
    number: Text | None = None
    status: Text | None = None
    invoice_date: Text | None = None
    credit_memo_date: Text | None = None
    posting_date: Text | None = None
    invoice_id: Text | None = None
    currency_code: Annotated[str, Meta(pattern=r"^([A-Z]{3})?$")] | None = None
    prices_include_tax: bool | None = None
    total_amount_including_tax: Signed | None = None
    last_modified_date_time: Moment | None = None
    customer_number: Text | None = None
    sell_to_address_line1: Text | None = None
    sell_to_post_code: Text | None = None
    sell_to_country: Text | None = None
    phone_number: Text | None = None
    email: Text | None = None
    customer: Contact | None = None
    sales_invoice_lines: Lines | None = None
    sales_credit_memo_lines: Lines | None = None
    change_type: Text | None = None
    type: Text | None = None


_UNPOSTED = frozenset({"", "draft", "in review"})
_POSTED = frozenset({"open", "paid", "canceled", "corrective"})
_CUSTOMERS = frozenset({"Person", "Company"})
_COMMENT = "Comment"
_NO_ID = "00000000-0000-0000-0000-000000000000"
_NO_DAY = "0001-01-01"
_read, _read_contact = reader(Document), reader(Contact)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return the document, or the customer, in *record*; a notification is thin."""
    sent = _read(record)
    if sent.change_type is not None:
        return sales.THIN
    if sent.status is None and sent.type in _CUSTOMERS:
        return _person(_read_contact(record))
    if sent.id is None:
        raise Rejected(Reason.INVALID_FIELD, "$.id: missing")
    status = (sent.status or "").strip().lower()
    if status in _UNPOSTED and sent.status is not None:
        return sales.DRAFT
    if status not in _POSTED:
        raise Rejected(Reason.INVALID_FIELD, "$.status: none of those that are documented")
    is_memo = sent.sales_credit_memo_lines is not None or sent.credit_memo_date is not None
    lines = sent.sales_credit_memo_lines if is_memo else sent.sales_invoice_lines
    if lines is None:
        raise Rejected(Reason.INVALID_FIELD, "$: its lines are missing, they have to be expanded")
    return sales.told(
        _document(sent, lines, "refund" if is_memo else "sale", origin), _customer(sent), origin
    )


def _document(sent: Document, lines: Lines, kind: Kind, origin: Origin) -> Transaction:
    number, is_memo = cast("str", sent.id), kind == "refund"
    day = _day(sent.credit_memo_date if is_memo else sent.invoice_date, sent.posting_date)
    currency = sent.currency_code or origin.organisation.currency
    reads = documentline.Reader(kind, day, currency, bool(sent.prices_include_tax), origin)
    found = [
        reads.line(line, place)
        for place, line in enumerate(lines)
        if line.line_type != _COMMENT or line.amount_including_tax
    ]
    _check_total(sent, found, kind, currency)
    of = sent.invoice_id if is_memo else None
    version = sent.last_modified_date_time
    return Transaction(
        transaction=number,
        order=of if of and of != _NO_ID else number,
        version=None if version is None else microseconds(version),
        sold_at=day.at,
        sold_is_date=day.is_date,
        channel="other",
        currency=currency,
        lines=tuple(found),
    )


def _day(*sent: str | None) -> Moment:
    for day in sent:
        if day and not day.startswith(_NO_DAY):
            return read(day, "$: its date")
    raise Rejected(Reason.INVALID_FIELD, "$: its date is missing")


def _check_total(sent: Document, lines: list[Line], kind: Kind, currency: str) -> None:
    """Reject a document whose lines do not add up to its total, an øre a line apart."""
    if sent.total_amount_including_tax is None:
        return
    total = minor_units(abs(sent.total_amount_including_tax), currency, "$.totalAmountIncludingTax")
    total = -total if sent.total_amount_including_tax < 0 else total
    signs = ((1 if line.kind == kind else -1, line) for line in lines)
    found = sum(sign * (line.amount_minor - line.discount_minor) for sign, line in signs)
    if abs(found - total) > len(lines):
        where = "$.totalAmountIncludingTax: not the sum of its lines"
        raise Rejected(Reason.INVALID_FIELD, where)


def _customer(sent: Document) -> Customer | None:
    """Return who it was sold to; the document's own words go before the expanded customer's."""
    known = sent.customer or Contact()
    number = sent.customer_number or known.number or None
    email, phone = _said(sent.email, known.email), _said(sent.phone_number, known.phone_number)
    if not (number or email or phone):
        return None
    given, family = _names(known)
    return Customer(
        number=number,
        given_name=given,
        family_name=family,
        email=email,
        phone=phone,
        street=_said(sent.sell_to_address_line1, known.address_line1),
        postal_code=_said(sent.sell_to_post_code, known.postal_code),
        country=_said(sent.sell_to_country, known.country),
    )


def _said(first: str | None, second: str | None) -> str | None:
    """Return the first that says something, else what was sent empty."""
    return first or second or (second if first is None else first)


def _person(contact: Contact) -> Parsed:
    if contact.last_modified_date_time is None or not contact.number:
        raise Rejected(Reason.INVALID_FIELD, "$: number or lastModifiedDateTime is missing")
    given, family = _names(contact)
    customer = Customer(
        number=contact.number,
        given_name=given,
        family_name=family,
        email=contact.email,
        phone=contact.phone_number,
        street=contact.address_line1,
        postal_code=contact.postal_code,
        country=contact.country,
    )
    return (Person(customer, contact.last_modified_date_time.at),)


def _names(contact: Contact) -> tuple[str | None, str | None]:
    """Return given and family name of a person; a company's name is nobody's."""
    if contact.type != "Person" or not contact.display_name:
        return None, None
    given, _, family = contact.display_name.strip().rpartition(" ")
    return given.strip() or None, family or None


ABOUT = About(
    name="Business Central",
    delivers={
        "transaction": "DOC",
        "order": "DOC",
        "version": "DOC",
        "sold_at": "DOC",
        "currency": "DOC",
        "customer.number": "DOC",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
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
        "discount": "DOC",
        "vat_rate": "DOC",
        "at": "DOC",
    },
    money="Decimals in the document's `currencyCode`, the register's where that is blank (DOC). "
    "A line's amount is `netAmountIncludingTax`, else `amountIncludingTax`, with the discount put "
    "back, which gets tax where `pricesIncludeTax` is false. Lines that do not add up to "
    "`totalAmountIncludingTax`, an øre a line apart, are rejected.",
    times="`invoiceDate` and `creditMemoDate`, else `postingDate`: bare dates (DOC), so sales have "
    "a day and no hour.",
    refunds="A credit memo is a transaction of its own, of refunds, on its own day; its "
    "`invoiceId` names the order that it belongs to (DOC). Negative lines of an invoice are "
    "refunds too. Canceled and Corrective documents count at their face: both come (ASSUMED).",
    exchanges="A credit memo and a new invoice.",
    versions="`lastModifiedDateTime` (DOC), to the microsecond; a document without it: what was "
    "received later.",
    authentication="Its webhook shows `clientState`, a secret of ours (DOC); it names a resource "
    "alone, so the document is fetched with OAuth2, its lines and customer expanded. A "
    "notification alone is counted as ignored (thin).",
    configure='`id = "businesscentral"`, `base_url` (with tenant and environment), `token_url`, '
    "`client_id`, `credentials`, `company` and `public_url`, where it reaches us; `items` by "
    "`lineObjectNumber` or `description`, without which all it sells is other.",
    verify=(
        "Which articles are tickets: fill in `items`",
        "Whether tills and web shops post every sale, or one invoice a day",
        "That a canceled invoice's credit memo comes in too",
        "Who the cash customer is: its number joins nobody, but has no e-mail of its own either",
    ),
    cannot_say={
        "autumn_night": "all its times are bare dates",
        "fee": "a fee is an article, a line of its own",
    },
)

ADAPTER = Adapter(
    label="DOC",
    transports=("push", "import"),
    transaction_is="the posted invoice or credit memo, id; a memo's order is its invoiceId",
    split=splitter("value"),
    parse=parse,
    number=number_of("id"),
    about=ABOUT,
)
