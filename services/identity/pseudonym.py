"""Replace a customer, and the vendor's own numbers, with keyed hashes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.identifiers import keyed_hash, transaction_id, unit_name
from kudos.records import (
    Claims,
    Customer,
    Evidence,
    Line,
    PseudonymousTransaction,
    ReceivedProfile,
    ReceivedTransaction,
    Stated,
)
from kudos.sealing import Sealer
from services.identity.codes import NO_CODES, codes
from services.identity.evidence import Occasion, evidence, stated
from services.identity.identifiers import Identifiers, identifiers
from services.identity.names import Names

#: Without name statistics no name tells a gender.
_NO_NAMES = Names()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Keys(Struct, frozen=True):
    """The secrets of pseudonyms."""

    ids: bytes  # of ids and refs: it never rotates
    versions: tuple[bytes, ...]  # of match keys: version 1 first


class Said(Struct, frozen=True):
    """What an order or a profile says of its customer."""

    claims: Claims
    evidence: tuple[Evidence, ...]


def microseconds(at: datetime) -> int:
    """Return *at* as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def pseudonymise(
    received: ReceivedTransaction,
    customer: Customer,
    keys: Keys,
    sealer: Sealer,
    names: Names = _NO_NAMES,
) -> tuple[PseudonymousTransaction, Said | None]:
    """Return *received* without personal data, and what it says of its customer, if it has one."""
    sold, within = received.transaction, (received.organisation, received.vendor)
    who = identifiers(customer, received.received_at.date())
    known = who.keys()
    clean = PseudonymousTransaction(
        organisation=received.organisation,
        vendor=received.vendor,
        transaction_id=transaction_id(keys.ids, unit_name(*within, sold.transaction)),
        order_id=keyed_hash(keys.ids, "order", *within, sold.order),
        revision="",
        received_at=_EPOCH,
        sold_at=sold.sold_at,
        sold_is_date=sold.sold_is_date,
        channel=sold.channel,
        currency=sold.currency,
        customer_ref=customer_ref(keys.ids, within, who) if known else None,
        record_ref=record_ref(keys.ids, within, known) if known else None,
        birth=who.birth[:7] if who.birth else None,
        postal_code=who.postal_code,
        country=who.country,
        lines=tuple(
            replace(x, line=line_id(keys.ids, within, sold.transaction, x)) for x in sold.lines
        ),
    )
    # the time of receipt is no content: what is delivered again is the same
    content, at = keyed_hash(keys.ids, "content", clean), received.received_at
    clean = replace(clean, revision=revision(content, sold.version, at), received_at=at)
    if clean.customer_ref is None:
        return clean, None
    of = Occasion(clean.customer_ref, *within, sold.sold_at)
    return clean, Said(
        _claims(
            keys,
            sealer,
            customer,
            who,
            within=within,
            ref=clean.customer_ref,
            observed_at=sold.sold_at,
        ),
        tuple(evidence(of, who, customer.given_name, names)),
    )


def pseudonymise_profile(
    received: ReceivedProfile,
    customer: Customer,
    keys: Keys,
    sealer: Sealer,
    *,
    names: Names = _NO_NAMES,
    said: Stated | None = None,
) -> Said | None:
    """Return what *received* says of its customer; None where it does not say of whom.

    Where something is *said* beside, *customer* is only by what it is known.

    Customer numbers are those of the vendor ``numbers_of``, so they meet that vendor's orders.
    """
    who = identifiers(customer, received.received_at.date())
    if not who.keys():
        return None
    within, observed_at = (received.organisation, received.numbers_of), received.observed_at
    ref = customer_ref(keys.ids, within, who)
    of = Occasion(ref, received.organisation, received.source, observed_at)
    found = evidence(of, who, customer.given_name, names) if said is None else stated(of, said)
    return Said(
        _claims(keys, sealer, customer, who, within=within, ref=ref, observed_at=observed_at),
        tuple(found),
    )


def customer_ref(ids: bytes, within: tuple[str, str], who: Identifiers) -> str:
    """Return the hash of all that came of a customer: what is one ref can never be split.

    The gender counts too: so a ref's evidence of one source and time has one value, and the
    compacted topic that holds it nothing to choose from.
    """
    return keyed_hash(ids, "customer", *within, msgspec.structs.astuple(who))


def record_ref(ids: bytes, within: tuple[str, str], known: dict[str, tuple[str, ...]]) -> str:
    """Return the organisation's own record of a customer: by the strongest of *known* alone."""
    kind = next(iter(known))
    return keyed_hash(ids, "record", *within, kind, *known[kind])


def line_id(ids: bytes, within: tuple[str, str], transaction: str, line: Line) -> str:
    """Return a line's id; a refund may bear the number of its sale."""
    return keyed_hash(ids, "line", *within, transaction, line.line, line.kind)


def revision(content: str, version: int | None, received_at: datetime) -> str:
    """Return which content stands: by version, then erasures (none here), then *content*'s hash.

    The vendor's *version*, else the time of receipt in microseconds.
    """
    version = microseconds(received_at) if version is None else version
    if not 0 <= version < 1 << 63:
        raise Rejected(Reason.INVALID_FIELD, "version")
    return f"{version << 64 | int(content[:14], 16):032x}"


def match_keys(
    within: tuple[str, str], known: Mapping[str, tuple[str, ...]], versions: Sequence[bytes]
) -> dict[str, str]:
    """Return the keys of the newest version, by kind and version ("email.2").

    They are the same at every organisation, but for a customer number's: it means nothing
    outside its vendor's system *within* the organisation.
    """
    keys = {}
    for kind, parts in known.items():
        scoped = (*within, *parts) if kind == "number" else parts
        first = keyed_hash(versions[0], f"{kind}.1", *scoped)
        keys[f"{kind}.{len(versions)}"] = rekeyed(kind, first, 1, versions)
    return keys


def rekeyed(kind: str, key: str, version: int, versions: Sequence[bytes]) -> str:
    """Return the match key *key* of *version* as the newest version has it: they nest.

    So what was stored is brought to a new version without the identifier that it was made of.
    """
    for number, secret in enumerate(versions[version:], version + 1):
        key = keyed_hash(secret, f"{kind}.{number}", key)
    return key


def _claims(
    keys: Keys,
    sealer: Sealer,
    customer: Customer,
    who: Identifiers,
    *,
    within: tuple[str, str],
    ref: str,
    observed_at: datetime,
) -> Claims:
    told = codes(keys.ids, customer.given_name, customer.family_name, who.birth, who.email)
    sealed = sealer.seal(msgspec.json.encode(told)) if told != NO_CODES else None
    found = match_keys(within, who.keys() | who.more_keys(), keys.versions)
    return Claims(within[0], ref, observed_at, found, sealed)
