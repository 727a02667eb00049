"""Customers as resolve is told of them, by identity's own rules; everybody is made up."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime

import msgspec

from kudos import avro
from kudos.records import Claims, Customer
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message
from kudos.topics import CLAIMS
from services.identity.codes import NO_CODES, codes
from services.identity.identifiers import identifiers
from services.identity.persons import Ref, is_hub, persons
from services.identity.pseudonym import Keys, customer_ref, match_keys
from services.identity.resolve import Resolver
from services.identity.traits import traits

KEYS = Keys(b"i" * 32, (b"1" * 32,))
PRIVATE, PUBLIC = new_key_pair()
SEALER, OPENER = Sealer(PUBLIC), Opener(PRIVATE)
TODAY = date(2026, 1, 1)
AT = datetime(2026, 5, 17, tzinfo=UTC)


def resolver(keys: Keys = KEYS) -> Resolver:
    """Return the step of resolve."""
    return Resolver(keys, OPENER, SEALER)


def claims(organisation: str = "oslo-teater", vendor: str = "tixly", **customer: str) -> Claims:
    """Return what an order of a customer of those fields claims."""
    return claims_by(KEYS, organisation, vendor, **customer)


def claims_by(
    keys: Keys, organisation: str = "oslo-teater", vendor: str = "tixly", **customer: str
) -> Claims:
    """Return what it claims by other *keys*."""
    said, within = Customer(**customer), (organisation, vendor)  # type: ignore[arg-type]  # texts
    who = identifiers(said, TODAY)
    known = match_keys(within, who.keys() | who.more_keys(), keys.versions)
    coded = codes(keys.ids, said.given_name, said.family_name, who.birth, who.email)
    sealed = SEALER.seal(msgspec.json.encode(coded)) if coded != NO_CODES else None
    return Claims(organisation, customer_ref(keys.ids, within, who), AT, known, sealed)


def ref(organisation: str = "oslo-teater", vendor: str = "tixly", **customer: str) -> Ref:
    """Return the ref of a customer of those fields."""
    said = claims(organisation, vendor, **customer)
    who = identifiers(Customer(**customer), TODAY)  # type: ignore[arg-type]  # texts
    return Ref(
        bytes.fromhex(said.customer_ref),
        organisation,
        {k.partition(".")[0]: bytes.fromhex(v) for k, v in said.match_keys.items()},
        traits(
            codes(
                KEYS.ids,
                customer.get("given_name"),
                customer.get("family_name"),
                who.birth,
                who.email,
            )
        ),
    )


def hubs(refs: Iterable[Ref]) -> set[bytes]:
    """Return the keys of *refs* that are hubs."""
    sharing: defaultdict[tuple[str, bytes], list[Ref]] = defaultdict(list)
    for one in refs:
        for kind, key in one.keys.items():
            sharing[kind, key].append(one)
    return {key for (kind, key), found in sharing.items() if is_hub(kind, found)}


def messages(said: Iterable[Claims]) -> list[Message]:
    """Return what pseudonymise sends of *said*."""
    return [Message(CLAIMS.name, c.customer_ref.encode(), avro.encode(c)) for c in said]


def town(seed: int, people: int) -> list[dict[str, str]]:
    """Return fields of people who share much, mistype, and are known by this or that."""
    chance = random.Random(seed)
    given = ["Kari", "Knut", "Ingrid", "Ingird", "K.", "Anne", "Anna", ""]
    family = ["Nordvik", "Lund", "Berg", ""]
    found: list[dict[str, str]] = []
    while len(found) < people * 3:
        n = chance.randrange(people)
        fields = {
            "given_name": chance.choice(given),
            "family_name": chance.choice(family),
            "email": f"{chance.choice(['e', 'knut.lund', 'anne.berg'])}"
            f"{chance.choice([n, n // 2, n // 9])}@nordvik.no",
            "phone": f"9234{chance.choice([n, n // 3]):04}",
            "number": str(n),
            "street": f"Storgata {n // 2}",
            "postal_code": "0155",
            "birth_date": chance.choice(["1980-01-02", "1980-02-01", "1951-07-30", "1980"]),
        }
        kept = {k: v for k, v in fields.items() if v and chance.random() < 0.45}
        kept["organisation"] = chance.choice(["oslo-teater", "bergen-orkester", "fjord-teater"])
        if claims(**kept).match_keys:
            found.append(kept)
    return found


def expected(people: Iterable[dict[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the links by the rules alone, all refs at once."""
    refs = {found.id: found for found in (ref(**fields) for fields in people)}
    everybody = persons(refs.values(), hubs(refs.values()))
    links = {}
    for organisation in {r.organisation for r in refs.values()}:
        own = [r for r in refs.values() if r.organisation == organisation]
        for one, person in persons(own, hubs(own)).items():
            links[one.hex()] = (everybody[one].hex()[:16], person.hex()[:16])
    return links
