"""Dun & Bradstreet (formerly Bisnode): what a register answers of a customer who was looked up.

A record is an answer of Consumer Intelligence (``matchCandidates``, ``persons``, one person, or the
person as its client maps it), of the Norwegian directory (``Result``), or such an answer beside
what was asked, as ``kudos lookup`` stores it. SEEN: the names in the answers. Ours: that one
candidate is accepted and several are not, how sure a match is where nobody says, and the envelope.
Reservations against marketing are not read: nothing here is for marketing.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.records import Customer, Stated
from services.ingest.adapters.base import About, Adapter, Ignored, Origin, Parsed, Person
from services.ingest.adapters.bodies import splitter
from services.ingest.adapters.reading import document, fit, reader
from services.ingest.adapters.times import Moment
from services.ingest.sources.matching import OTHER, agreement
from services.ingest.sources.persons import Consumer, Entry, Found

#: A match that is less sure says nothing; the register's ``least_confidence`` may ask for more.
LEAST = Decimal("0.9")
#: Of whom the register describes, where nobody was asked of.
SURE = Decimal(1)
#: Who may be meant, and how surely by the register's own word.
Guess = tuple[Found, Decimal | None]


class Candidate(Struct, frozen=True):
    """One of those whom the question may have meant."""

    person: Consumer
    matchConfidence: Decimal | None = None  # noqa: N815 (theirs)


class Match(Struct, frozen=True):
    """The answer to one question of several."""

    matchCandidates: tuple[Candidate, ...]  # noqa: N815 (theirs)


class Search(Struct, frozen=True):
    """The answer to a search."""

    persons: tuple[Candidate, ...]


class Directory(Struct, frozen=True):
    """The answer of the Norwegian directory."""

    Result: tuple[Entry, ...]


class Stored(Struct, frozen=True):
    """An answer, and of whom it was asked; ours."""

    asked: Customer
    answered_at: Moment
    answer: dict[str, Any]


_stored = reader(Stored)


def parse(record: bytes, origin: Origin) -> Parsed:
    """Return what the register says of one person, or why it says nothing."""
    sent = document(record)
    if "asked" not in sent:
        return (_described(_found(sent, record), origin),)
    stored = _stored(record)
    found = _found(stored.answer, record)
    return (_asked_of(stored.asked, found, stored.answered_at.at, origin),)


def _found(answer: dict[str, Any], record: bytes) -> list[Guess]:
    """Return who was found, and how surely by the register's own word."""
    if "matchCandidates" in answer:
        return _candidates(fit(answer, Match, record).matchCandidates)
    if "persons" in answer:
        return _candidates(fit(answer, Search, record).persons)
    if "person" in answer:
        return _candidates((fit(answer, Candidate, record),))
    if "Result" in answer:
        entries = fit(answer, Directory, record).Result
        return [(e.found(), None) for e in entries if e.type in {None, "", "P"}]
    if "familyName" in answer or "lastName" in answer:
        return [(fit(answer, Consumer, record).found(), None)]
    raise Rejected(Reason.INVALID_FIELD, "$: no answer of a kind that is known")


def _candidates(said: Sequence[Candidate]) -> list[Guess]:
    if not all(0 <= one.matchConfidence <= 1 for one in said if one.matchConfidence is not None):
        raise Rejected(Reason.INVALID_FIELD, "matchConfidence: expected 0 to 1")
    return [(one.person.found(), one.matchConfidence) for one in said]


def _described(found: list[Guess], origin: Origin) -> Person | Ignored:
    """Return the only one who was found, known by what the register says of it."""
    if len(found) != 1:
        return Ignored("several_matches" if found else "no_match")
    one, confidence = found[0]
    said = _stated(one, SURE if confidence is None else confidence, origin)
    customer = Customer(
        given_name=one.given_name,
        family_name=one.family_name,
        phone=one.phone,
        street=one.street,
        postal_code=one.postal_code,
        country=one.country,
        birth_date=one.birth_date,
    )
    return said if isinstance(said, Ignored) else Person(customer, None, said)


def _asked_of(
    asked: Customer, found: list[Guess], answered_at: datetime, origin: Origin
) -> Person | Ignored:
    """Return who was asked of, known as the house knows it, and what the register says."""
    if len(found) != 1:
        return Ignored("several_matches" if found else "no_match")
    one, confidence = found[0]
    agreed = agreement(asked, one)
    if agreed != OTHER and confidence is not None:
        agreed = confidence
    said = _stated(one, agreed or OTHER, origin)
    return said if isinstance(said, Ignored) else Person(asked, answered_at, said)


def _stated(found: Found, confidence: Decimal, origin: Origin) -> Stated | Ignored:
    """Return what is said as evidence; nobody lives where the deceased did.

    Who has moved lives where the current address says, nowhere known where there is none.
    """
    if confidence < _least(origin):
        return Ignored("weak_match")
    said = Stated(
        basis="register",
        confidence=float(confidence),
        gender=found.gender,
        birth_date=found.birth_date,
        postal_code=None if found.deceased else found.postal_code,
        country=None if found.deceased else found.country,
    )
    nothing = (said.gender, said.birth_date, said.postal_code) == (None, None, None)
    return Ignored("no_answer") if nothing else said


def _least(origin: Origin) -> Decimal:
    least = origin.feed.own.get("least_confidence", LEAST)
    if isinstance(least, bool) or not isinstance(least, int | float | Decimal):
        raise Rejected(Reason.INVALID_FIELD, "least_confidence of the register: 0 to 1")
    return Decimal(str(least))


ABOUT = About(
    name="Dun & Bradstreet",
    delivers={
        "customer.given_name": "SEEN",
        "customer.family_name": "SEEN",
        "customer.phone": "SEEN",
        "customer.street": "SEEN",
        "customer.postal_code": "SEEN",
        "customer.country": "SEEN",
        "customer.birth_date": "SEEN",
        "customer.gender": "SEEN",
    },
    money="None.",
    times="`answered_at` of a stored answer; of an answer alone, when it came in.",
    refunds="None.",
    exchanges="None.",
    versions="None: each answer stands beside the others, by its time.",
    authentication="Answers come in as the open standard does: a signature, or a secret address. "
    "The look-up is OAuth2 by client credentials, or HTTP Basic in the Norwegian directory (SEEN).",
    configure='`id = "dnb"`, with `numbers_of`, the vendor whose customer numbers are asked with. '
    "`kudos lookup dnb` asks and stores the answers, `kudos import dnb` takes them in. Only a "
    "single candidate says anything. How sure it is: `matchConfidence` (ASSUMED, 0 to 1), else "
    "name and birth date 0.99, name, postal code and phone 0.95, less 0.8; a contradiction in "
    "birth date or given name is nobody. Below `least_confidence`, 0.9, nothing is said. Of the "
    "deceased, and of who has moved to where nobody says, the place is unknown.",
    verify=(
        "The product that is used in Norway now, and its fields",
        "What states the confidence of a match, and in what range",
        "How `dead`, a move and a former address are written",
        "That there is a legal basis for looking persons up",
    ),
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("import", "push"),
    transaction_is="the answer to one look-up, which is no sale",
    split=splitter("matchResponses"),
    parse=parse,
    number=lambda _record: None,  # it is of a person, and names nothing in the clear
    about=ABOUT,
)
