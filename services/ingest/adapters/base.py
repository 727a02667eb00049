"""What every vendor module is: pure functions from a vendor's native record to transactions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, Literal

from msgspec import Struct

from kudos.records import Customer, Stated, Transaction
from kudos.register import Feed, Organisation

#: What is known of a vendor's payload: documented by the vendor, seen in public code, or assumed.
Label = Literal["DOC", "SEEN", "ASSUMED"]
Transport = Literal["push", "poll", "import"]


class Origin(Struct, frozen=True):
    """Whose record it is: what of the register an adapter needs to read it."""

    organisation: Organisation
    feed: Feed


class Sale(Struct, frozen=True):
    """A transaction that a record holds, and who placed it."""

    transaction: Transaction
    customer: Customer | None


class Person(Struct, frozen=True, omit_defaults=True):
    """What a record says of a customer apart from any sale."""

    customer: Customer
    observed_at: datetime | None  # aware UTC; None: nobody says, so when it came in
    stated: Stated | None = None  # None: the customer's own attributes are


class Ignored(Struct, frozen=True):
    """A record, or a part of it, that is no sale and never will be."""

    why: str  # a word of ours: draft, training, guest, other_system …


class About(Struct, frozen=True):
    """What must be known of a vendor before its figures are trusted; its page is made of it.

    ``delivers`` maps fields of the open standard ("customer.email") to how it is known that the
    vendor sends them; what is not in it is not delivered.
    """

    name: str
    delivers: Mapping[str, Label]
    money: str
    times: str
    refunds: str
    exchanges: str
    versions: str
    authentication: str
    configure: str
    verify: tuple[str, ...]
    #: What the payload has no words for, of what every vendor is asked (anonymous, fee …), and why.
    cannot_say: Mapping[str, str] = {}


#: All that one native record holds.
Parsed = Sequence[Sale | Person | Ignored]


class Adapter(Struct, frozen=True):
    """How one vendor's payload is read; *parse* raises Rejected, naming fields and never values.

    ``split`` takes a request's or file's whole body (a record, a list, a page, lines) and returns
    the native records in it, each as bytes; it raises Rejected where it is none of these.
    ``number`` returns the vendor's own number of the transaction in a record, also where the rest
    cannot be read; None where none can be told. It never raises.
    """

    label: Label
    transports: tuple[Transport, ...]
    transaction_is: str  # what its transaction is, in words for an operator
    split: Callable[[bytes], Sequence[bytes]]
    parse: Callable[[bytes, Origin], Parsed]
    number: Callable[[bytes], str | None]
    about: About
    #: As ``split``, of a file of any size that is not read as a whole.
    stream: Callable[[BinaryIO], Iterator[bytes]] | None = None
