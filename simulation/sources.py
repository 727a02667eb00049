"""What others say of customers, apart from sales: TagTool's segments, a register's answers."""

import csv
import io
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args

import msgspec
from msgspec import Struct

from kudos.records import Basis, Segment
from kudos.register import OSLO
from simulation.accounts import Account
from simulation.houses import HOUSES, House
from simulation.orders import Feed
from simulation.people import People

_SEGMENTS: tuple[str, ...] = get_args(Segment)
#: About the shares that a survey finds in a population; they need not be exact.
_OFTEN = (11, 12, 12, 13, 11, 12, 13, 16)
_HOUSES = {house.id: house for house in HOUSES}
#: A register's match that is less sure says nothing.
_LEAST = 0.9


class Statement(Struct, frozen=True):
    """What a source states of a customer whom it knows by *account*."""

    house: str
    source: str
    numbers_of: str  # the vendor whose customer the account is
    account: Account
    observed_at: datetime  # aware UTC
    basis: Basis
    confidence: float
    said: Mapping[str, str]  # by attribute, as identity writes evidence
    native: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        """Tell whether anything is said by it; a match that is not sure says nothing."""
        return self.basis != "register" or self.confidence >= _LEAST


def segment(seed: int, number: int) -> str:
    """Return the segment that somebody truly is of."""
    return random.Random(f"{seed}/segment/{number}").choices(_SEGMENTS, _OFTEN)[0]


def statements(
    seed: int, people: People, known: Iterable[tuple[Feed, Account]], until: datetime
) -> Iterator[Statement]:
    """Yield what sources state, before *until*, of customers *known* by their numbers."""
    chance = random.Random(f"{seed}/sources")
    for (house_id, vendor), account in known:
        house = _HOUSES[house_id]
        if vendor != house.feeds[0] or account.number is None or account.consent is False:
            continue
        if "tagtool" in house.sources and chance.random() < 0.35:
            for _ in range(1 + (chance.random() < 0.2)):
                yield _tag(seed, house, account, _day(until, chance), chance)
        born = account.birth_date is not None and account.country == "NO"
        if "dnb" in house.sources and born and chance.random() < 0.5:
            yield _answer(people, house, account, until, chance)


def _day(until: datetime, chance: random.Random) -> datetime:
    day = (until - timedelta(days=chance.randint(1, 400))).astimezone(OSLO).date()
    return datetime.combine(day, time(0), OSLO).astimezone(UTC)


def _tag(
    seed: int, house: House, account: Account, at: datetime, chance: random.Random
) -> Statement:
    declared = chance.random() < 0.3
    right = declared or chance.random() < 0.75
    said = segment(seed, account.person) if right else chance.choice(_SEGMENTS)
    sure = 1.0 if declared else round(chance.uniform(0.5, 0.95), 2)
    email = account.email if chance.random() < 0.8 else None
    return Statement(
        house=house.id,
        source="tagtool",
        numbers_of=house.feeds[0],
        account=Account(account.person, number=account.number, email=email),
        observed_at=at,
        basis="declared" if declared else "inferred",
        confidence=sure,
        said={"segment": said},
        native={
            "customer_id": account.number,
            "email": email or "",
            "segment": said if chance.random() < 0.9 else "",
            "segment_code": said[:3].upper(),
            "tagged_at": at.astimezone(OSLO).date().isoformat(),
            "method": "golden_questions" if declared else "behavioural",
            "confidence": "" if declared else str(sure),
        },
    )


def _answer(
    people: People, house: House, account: Account, until: datetime, chance: random.Random
) -> Statement:
    person = people[account.person]
    at = until - timedelta(seconds=chance.randrange(60, 300 * 86_400))
    sure = round(chance.choice((chance.uniform(0.9, 0.99), chance.uniform(0.92, 1), 0.7)), 3)
    asked_of = (account.given_name or person.given_name, account.birth_date)
    if asked_of != (person.given_name, person.birth_date.isoformat()):
        # by another name, or another day, nobody is surely found
        sure = min(sure, 0.7)
    asked = {
        name: getattr(account, name)
        for name in account.__struct_fields__
        if name not in {"person", "consent", "shared"} and getattr(account, name) is not None
    }
    street, _, number = person.street.rpartition(" ")
    told = {
        "firstNames": [person.given_name],
        "familyName": person.family_name,
        "gender": person.gender.title(),
        "dateOfBirth": person.birth_date.isoformat(),
        "addressList": [
            {
                "type": "Postal",
                "streetName": street,
                "streetNumber": number,
                "postalCode": person.postal_code,
                "country": person.country,
            }
        ],
    }
    said = {
        "birth": person.birth_date.isoformat()[:7],
        "postal_code": f"{person.country}-{person.postal_code}",
    }
    # a register has two
    said |= {} if person.gender == "other" else {"gender": person.gender}
    return Statement(
        house=house.id,
        source="dnb",
        numbers_of=house.feeds[0],
        account=account,
        observed_at=at,
        basis="register",
        confidence=sure,
        said=said,
        native={
            "asked": asked,
            "answered_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "answer": {"matchCandidates": [{"person": told, "matchConfidence": sure}]},
        },
    )


def body(source: str, told: Sequence[Statement]) -> tuple[str, bytes]:
    """Return the type and the bytes of a request with what *source* has *told*."""
    if source == "dnb":
        return "application/json", msgspec.json.encode([one.native for one in told])
    text = io.StringIO()
    rows = csv.DictWriter(text, list(told[0].native))
    rows.writeheader()
    rows.writerows(one.native for one in told)
    return "text/csv", text.getvalue().encode()
