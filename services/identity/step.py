"""What identity does to one message; it keeps no state, so twice is as good as once."""

from collections.abc import Iterable, Iterator

import msgspec

from kudos import avro
from kudos.errors import Reason, Rejected
from kudos.records import (
    Customer,
    Evidence,
    PseudonymousTransaction,
    ReceivedProfile,
    ReceivedTransaction,
    Stated,
)
from kudos.sealing import Opener, Sealer
from kudos.stream import Message, Step
from kudos.topics import CLAIMS, EVIDENCE, PSEUDONYMOUS
from services.identity.names import Names
from services.identity.pseudonym import (
    Keys,
    Said,
    microseconds,
    pseudonymise,
    pseudonymise_profile,
)

#: The broker takes messages up to a million bytes; line ids have grown to 32 digits here.
LARGEST = 900_000
_NAMED = frozenset({"received_at", "organisation", "vendor"})
_NO_NAMES = Names()
_customer = msgspec.json.Decoder(Customer)
_stated = msgspec.json.Decoder(Stated)


def transactions(keys: Keys, opener: Opener, sealer: Sealer, names: Names = _NO_NAMES) -> Step:
    """Return the step for ``transactions.received``: the sale, its evidence and its claims."""

    def step(message: Message) -> Iterable[Message]:
        received = avro.decode(_value(message), ReceivedTransaction)
        customer = Customer() if received.customer is None else opened(opener, received.customer)
        clean, said = pseudonymise(received, customer, keys, sealer, names)
        value = avro.encode(clean)
        if len(value) > LARGEST:
            raise Rejected(Reason.INVALID_FIELD, "lines: too many")
        unit = clean.transaction_id.encode()
        headers = tuple(h for h in message.headers if h[0] in _NAMED)
        yield Message(
            PSEUDONYMOUS.name,
            _key(clean),
            value,
            (*headers, ("unit_id", unit)),
            by=unit if clean.customer_ref is None else clean.customer_ref.encode(),
        )
        if said is not None:
            yield from _said(said)

    return step


def profiles(keys: Keys, opener: Opener, sealer: Sealer, names: Names = _NO_NAMES) -> Step:
    """Return the step for ``profiles.received``: evidence and claims, and no sale."""

    def step(message: Message) -> Iterable[Message]:
        received = avro.decode(_value(message), ReceivedProfile)
        customer = opened(opener, received.customer)
        beside = None if received.stated is None else _stated_in(opener, received.stated)
        said = pseudonymise_profile(received, customer, keys, sealer, names=names, said=beside)
        if said is not None:
            yield from _said(said)

    return step


def opened(opener: Opener, sealed: bytes) -> Customer:
    """Return the customer in *sealed*, or reject it; the reason quotes nothing."""
    try:
        return _customer.decode(opener.open(sealed))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Rejected(Reason.UNREADABLE, "customer") from None


def _stated_in(opener: Opener, sealed: bytes) -> Stated:
    try:
        return _stated.decode(opener.open(sealed))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Rejected(Reason.UNREADABLE, "stated") from None


def _key(clean: PseudonymousTransaction) -> bytes:
    """Return a key for each value that may come to stand, or compaction would choose among them.

    A refund without a time counts on the day of its earliest receipt, so each receipt stands.
    """
    key = f"{clean.transaction_id}/{clean.revision}"
    if any(line.at is None for line in clean.lines):
        key += f"/{microseconds(clean.received_at)}"
    return key.encode()


def _said(said: Said) -> Iterator[Message]:
    ref = said.claims.customer_ref.encode()
    yield Message(CLAIMS.name, ref, avro.encode(said.claims))
    for one in said.evidence:
        yield Message(EVIDENCE.name, _evidence_key(one), avro.encode(one), by=ref)


def _evidence_key(one: Evidence) -> bytes:
    """Return a key for each statement, or compaction would choose among what one source says.

    The ref does not tell the value: a name may come as given or as family name.
    """
    at = microseconds(one.observed_at)
    said = f"{one.value}/{one.confidence:g}"
    return f"{one.customer_ref}/{one.attribute}/{one.source}/{at}/{said}".encode()


def _value(message: Message) -> bytes:
    if message.value is None:
        raise Rejected(Reason.UNREADABLE, "empty")
    return message.value
