"""What crosses a topic, one class for each schema, and what it is made of.

Each field of what leaves identity has a reason to exist, which stands in its schema's ``doc``.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Kind = Literal["sale", "refund"]
Item = Literal[
    "ticket",
    "season_pass",
    "season_pass_use",
    "gift_card",
    "donation",
    "merchandise",
    "food",
    "other",
]
Channel = Literal["web", "box_office", "phone", "agent", "till", "other"]
Gender = Literal["female", "male", "other"]
Basis = Literal["declared", "register", "inferred"]
Segment = Literal[
    "Essence",
    "Expression",
    "Affirmation",
    "Enrichment",
    "Release",
    "Perspective",
    "Stimulation",
    "Entertainment",
]


class Consents(Struct, frozen=True):
    """What the customer agreed to; None was not asked."""

    statistics: bool | None = None


class Customer(Struct, frozen=True, omit_defaults=True):
    """Who placed the order: personal data, in the clear only in adapters and pseudonymise.

    None was not sent, "" was sent empty.
    """

    number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2
    birth_date: str | None = None  # yyyy-mm-dd, yyyy-mm or yyyy
    gender: Gender | None = None
    consents: Consents = Consents()


class Stated(Struct, frozen=True, omit_defaults=True):
    """What a source says of a customer, where that is not by what the customer is known.

    Personal data, as Customer is. The spelling of segments is that of the glossary.
    """

    basis: Basis = "declared"
    confidence: Annotated[float, Meta(ge=0, le=1)] = 1.0
    segment: Segment | None = None
    gender: Gender | None = None
    birth_date: str | None = None  # yyyy-mm-dd, yyyy-mm or yyyy
    postal_code: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2


class Performance(Struct, frozen=True):
    """One dated event, in its source's own words."""

    performance: str | None = None
    starts_at: datetime | None = None  # aware UTC; of a bare date: its midnight in Oslo
    starts_is_date: bool = False
    production: str | None = None
    venue: str | None = None
    genre: str | None = None


class Line(Struct, frozen=True):
    """A sale or a refund; numbers are never negative, *kind* gives the sign."""

    line: str  # the vendor's own until pseudonymise hashes it
    kind: Kind
    item: Item
    quantity: int
    amount_minor: int  # of the whole line, before the discount, in the currency's minor unit
    discount_minor: int = 0  # of the whole line
    fee_minor: int = 0  # of the whole line
    vat_rate: int | None = None  # hundredths of a per cent; None: not said
    at: datetime | None = None  # aware UTC; None: a refund whose time the vendor does not give
    at_is_date: bool = False  # the hour is not known
    ticket_type: str | None = None
    price_category: str | None = None
    performance: Performance | None = None


class Transaction(Struct, frozen=True):
    """What a vendor replaces as a whole, by the vendor's own numbers and without the customer."""

    transaction: str
    order: str
    version: int | None  # None: the vendor marks none, the last received wins
    sold_at: datetime  # aware UTC
    sold_is_date: bool
    channel: Channel
    currency: str  # ISO 4217
    lines: tuple[Line, ...]


class ReceivedTransaction(Struct, frozen=True):
    """A transaction as it came in; only identity can open the customer."""

    vendor: str
    organisation: str
    received_at: datetime  # stamped once, by ingest; travels through dead letter and replay
    transaction: Transaction
    customer: bytes | None  # sealed JSON of Customer


class ReceivedProfile(Struct, frozen=True):
    """What a source says of a customer apart from any sale; only identity can open the customer."""

    source: str
    organisation: str
    numbers_of: str  # the vendor whose customer numbers it carries
    received_at: datetime
    observed_at: datetime
    customer: bytes  # sealed JSON of Customer
    #: Sealed JSON of Stated; None: the customer's own attributes are what is stated.
    stated: bytes | None = None


class PseudonymousTransaction(Struct, frozen=True):
    """A transaction without personal data; the greatest *revision* of an id stands."""

    organisation: str
    vendor: str
    transaction_id: str  # 32 hex digits, as every id
    order_id: str
    revision: str  # version << 64 | erasures << 56 | hash of the content, as 32 hex digits
    received_at: datetime
    sold_at: datetime
    sold_is_date: bool
    channel: Channel
    currency: str
    customer_ref: str | None
    record_ref: str | None
    birth: str | None  # yyyy-mm or yyyy
    postal_code: str | None
    country: str | None
    lines: tuple[Line, ...]


class Claims(Struct, frozen=True):
    """All match keys of one order or profile: one customer's, says the organisation."""

    organisation: str
    customer_ref: str
    observed_at: datetime
    match_keys: dict[str, str]  # kind and key version ("email.1") → 32 hex digits
    codes: (
        bytes | None
    )  # name and birth-date codes, for contradictions and hubs, sealed to identity


class CustomerRecord(Struct, frozen=True):
    """All that was ever claimed of one customer_ref: what resolve rebuilds its state from."""

    organisation: str
    customer_ref: str
    match_keys: dict[str, str]
    codes: bytes | None  # sealed to identity


class Link(Struct, frozen=True):
    """The person and the own person that a customer_ref belongs to now; the newest stands.

    A person is named by the first 16 hex digits of the smallest customer_ref that is theirs. So
    who has no link yet is a person alone, and the link of such a one changes no figure.
    """

    organisation: str
    customer_ref: str
    person: str  # resolved from everybody's claims
    own_person: str  # resolved from this organisation's claims alone
    person_before: str | None  # whose figures change with it; None: it had no link
    own_person_before: str | None


class Evidence(Struct, frozen=True):
    """One attribute of a customer as one source stated it at one time."""

    customer_ref: str
    organisation: str
    attribute: Literal["gender", "birth", "postal_code", "segment"]
    value: str
    source: str
    basis: Basis
    confidence: float  # 0 to 1
    observed_at: datetime


class StoppedSource(Struct, frozen=True):
    """A source that nothing is taken from, for too much of it was refused in a row."""

    organisation: str
    vendor: str
    stopped_at: datetime
    rejected: int  # in a row
    reason: str  # of the last
    detail: str  # names a field, never a value


class Place(Struct, frozen=True):
    """Where a customer lives: official numbers of 2024, None where it is not known."""

    county: str | None = None
    municipality: str | None = None
    centrality: str | None = None


class EnrichedTransaction(Struct, frozen=True):
    """A transaction, and what it alone can tell of its customer."""

    transaction: PseudonymousTransaction
    age_band: str
    place: Place


class Frame(Struct, frozen=True):
    """All the transactions of one partition that were at hand, in the order they were read."""

    transactions: tuple[EnrichedTransaction, ...]
