"""What is said of a customer's attributes, by whose word, and that it never hangs on the hour."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from kudos import avro
from kudos.errors import Rejected
from kudos.records import (
    Consents,
    Customer,
    Evidence,
    Line,
    ReceivedProfile,
    ReceivedTransaction,
    Stated,
    Transaction,
)
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message
from kudos.topics import EVIDENCE, PROFILES, RECEIVED
from services.identity import step
from services.identity.names import Bearers, Names
from services.identity.pseudonym import Keys

KEYS = Keys(b"i" * 32, (b"1" * 32,))
PRIVATE, PUBLIC = new_key_pair()
AT = datetime(2026, 5, 17, 16, 3, 11, tzinfo=UTC)
NAMES = Names({"kari": Bearers(30_000), "ola": Bearers(0, 30_000), "kim": Bearers(800, 8_000)})
TAG = Stated(segment="Essence")
KARI = Customer(email="kari@example.no", given_name="Kari", family_name="Nordmann")


def of_sale(customer: Customer, *, late: timedelta = timedelta(0)) -> list[Message]:
    """Return the evidence of a sale to *customer* that came in *late*."""
    line = Line("1", "sale", "ticket", 1, 100, at=AT)
    sold = Transaction("1", "1", 1, AT, False, "web", "NOK", (line,))
    sealed = Sealer(PUBLIC).seal(msgspec.json.encode(customer))
    received = ReceivedTransaction("tixly", "hus", AT + late, sold, sealed)
    made = step.transactions(KEYS, Opener(PRIVATE), Sealer(PUBLIC), NAMES)
    return evidence(made(Message(RECEIVED.name, b"k", avro.encode(received))))


def of_profile(customer: Customer, source: str = "tixly") -> list[Message]:
    """Return the evidence of a profile of *customer*."""
    sealed = Sealer(PUBLIC).seal(msgspec.json.encode(customer))
    received = ReceivedProfile(source, "hus", "tixly", AT, AT, sealed)
    made = step.profiles(KEYS, Opener(PRIVATE), Sealer(PUBLIC), NAMES)
    return evidence(made(Message(PROFILES.name, b"k", avro.encode(received))))


def evidence(messages: object) -> list[Message]:
    return [m for m in messages if m.topic == EVIDENCE.name]  # type: ignore[attr-defined]


def told(messages: list[Message]) -> list[tuple[str, str, str, str, float]]:
    found = [avro.decode(m.value or b"", Evidence) for m in messages]
    return [(e.attribute, e.value, e.source, e.basis, e.confidence) for e in found]


@pytest.mark.parametrize("of", [of_sale, of_profile])
def test_a_name_tells_the_gender_that_nobody_declared(of: object) -> None:
    found = of(KARI)  # type: ignore[operator]  # either of the two
    assert [("gender", "female", "given_name", "inferred", 0.998)] == told(found)
    assert AT == avro.decode(found[0].value or b"", Evidence).observed_at


@pytest.mark.parametrize("declared", ["female", "male", "other"])
def test_what_was_declared_is_not_inferred(declared: str) -> None:
    customer = replace(KARI, gender=declared)
    assert [("gender", declared, "tixly", "declared", 1.0)] == told(of_sale(customer))


@pytest.mark.parametrize("name", [None, "", "Kari og Ola", "Ukjent"])
def test_an_unknown_gender_is_said_by_nobody(name: str | None) -> None:
    assert [] == told(of_sale(replace(KARI, given_name=name)))


def test_who_is_not_known_or_said_no_tells_nothing() -> None:
    assert [] == of_sale(Customer(given_name="Kari"))
    assert [] == of_sale(replace(KARI, consents=Consents(statistics=False)))
    assert [] == of_profile(replace(KARI, consents=Consents(statistics=False)))


def test_it_is_the_same_whenever_it_is_asked() -> None:
    def seen(messages: list[Message]) -> list[tuple[bytes | None, bytes | None]]:
        return [(m.key, m.value) for m in messages]

    assert seen(of_sale(KARI)) == seen(of_sale(KARI, late=timedelta(days=400)))


def test_compaction_has_nothing_to_choose_from() -> None:
    """The ref does not tell which word is the given name, so the key does: it has the value."""
    one = replace(KARI, given_name="Kari", family_name="Ola")
    other = replace(KARI, given_name="Ola", family_name="Kari")
    [first], [second] = of_sale(one), of_sale(other)
    assert first.by == second.by
    assert first.key != second.key
    assert {"female", "male"} == {row[1] for row in told([first, second])}


def test_the_name_itself_stays_behind() -> None:
    for message in of_sale(KARI):
        assert b"kari" not in ((message.key or b"") + (message.value or b"")).lower()


def of_statement(said: object, customer: Customer = KARI) -> list[Message]:
    """Return the evidence of what a source says of *customer*."""
    sealer = Sealer(PUBLIC)
    sealed = sealer.seal(msgspec.json.encode(customer))
    beside = sealer.seal(said if isinstance(said, bytes) else msgspec.json.encode(said))
    received = ReceivedProfile("tagtool", "hus", "tixly", AT, AT, sealed, beside)
    made = step.profiles(KEYS, Opener(PRIVATE), sealer, NAMES)
    return list(made(Message(PROFILES.name, b"k", avro.encode(received))))


def test_a_segment_is_said_by_who_tagged_it_and_as_sure_as_it_was() -> None:
    said = Stated(basis="inferred", confidence=0.62, segment="Perspective")
    found = told(evidence(of_statement(said)))
    assert [("segment", "Perspective", "tagtool", "inferred", 0.62)] == found


def test_a_register_s_answer_is_normalised_and_no_more_than_evidence_needs() -> None:
    said = Stated("register", 0.95, None, "female", "1980-01-02", "155", "NO")
    assert [
        ("gender", "female", "tagtool", "register", 0.95),
        ("birth", "1980-01", "tagtool", "register", 0.95),
        ("postal_code", "NO-0155", "tagtool", "register", 0.95),
    ] == told(evidence(of_statement(said)))


def test_by_what_a_customer_is_known_is_not_what_the_source_says() -> None:
    asked = replace(KARI, gender="male", birth_date="1971-01-01", postal_code="5003")
    assert ["segment"] == [row[0] for row in told(evidence(of_statement(TAG, asked)))]


def test_what_is_said_of_whoever_said_no_or_is_not_known_is_not_kept() -> None:
    assert [] == of_statement(TAG, replace(KARI, consents=Consents(statistics=False)))
    assert [] == of_statement(TAG, Customer(given_name="Kari"))


def test_two_tags_of_one_day_stand_beside_each_other() -> None:
    first, second = (
        {m.key for m in evidence(of_statement(said))} for said in (TAG, Stated(segment="Release"))
    )
    assert not first & second


@pytest.mark.parametrize(
    "clear",
    [b"", b"[]", b'{"segment": "Kari"}', b'{"confidence": 2}', b'{"basis": "Kari"}', b'"\xff"'],
)
def test_a_statement_that_is_none_is_rejected_and_not_quoted(clear: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        of_statement(clear)
    assert "unreadable: stated" == str(caught.value)
