"""Identity's step over every example: what comes out, where it goes, and the same each time."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kudos import avro
from kudos.errors import Reason, Rejected
from kudos.identifiers import unit_name
from kudos.records import Claims, Customer, Evidence, PseudonymousTransaction, ReceivedTransaction
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message, Step
from kudos.topics import CLAIMS, EVIDENCE, PROFILES, PSEUDONYMOUS, RECEIVED
from services.identity import step
from services.identity.codes import Codes
from services.identity.pseudonym import Keys
from tests.support import examples

KEYS = Keys(b"i" * 32, (b"1" * 32,))
#: Of identity: what the examples are sealed to, and what it seals codes to.
OPENER = Opener(examples.PRIVATE)
SALES = examples.of("received_transaction")
SAID = examples.of("received_profile")
SHAPES: dict[str, type[msgspec.Struct]] = {
    PSEUDONYMOUS.name: PseudonymousTransaction,
    CLAIMS.name: Claims,
    EVIDENCE.name: Evidence,
}

Make = Callable[[Keys, Opener, Sealer], Step]


def received(name: str) -> Message:
    record = examples.example(name)
    if not isinstance(record, ReceivedTransaction):
        return Message(PROFILES.name, b"key", avro.encode(record))
    unit = unit_name(record.organisation, record.vendor, record.transaction.transaction)
    headers = (
        ("organisation", record.organisation.encode()),
        ("vendor", record.vendor.encode()),
        ("received_at", b"1770118929123456"),
        ("unit", unit.encode()),
        ("user_agent", b"of the vendor"),
    )
    return Message(
        RECEIVED.name, unit.encode(), avro.encode(record), headers, partition=0, offset=7
    )


def outputs(name: str) -> list[Message]:
    make: Make = step.transactions if name in SALES else step.profiles
    return list(make(KEYS, OPENER, Sealer(examples.PUBLIC))(received(name)))


def opened(message: Message) -> msgspec.Struct:
    """Return the record in *message*, with its codes in the clear: the nonce is new each time."""
    record = avro.decode(message.value or b"", SHAPES[message.topic])
    if isinstance(record, Claims) and record.codes is not None:
        codes = OPENER.open(record.codes)
        assert msgspec.json.decode(codes, type=Codes)
        return replace(record, codes=codes)
    return record


def seen(messages: list[Message]) -> list[object]:
    return [(m.topic, m.key, m.by, m.headers, opened(m)) for m in messages]


@pytest.mark.parametrize("name", [*SALES, *SAID])
def test_twice_is_as_good_as_once(name: str) -> None:
    assert seen(outputs(name)) == seen(outputs(name))


@pytest.mark.parametrize("name", SALES)
def test_a_sale_comes_out_first_and_under_hashes_only(name: str) -> None:
    first, *rest = outputs(name)
    sale = opened(first)
    assert isinstance(sale, PseudonymousTransaction)
    assert PSEUDONYMOUS.name == first.topic
    assert {CLAIMS.name, EVIDENCE.name} >= {m.topic for m in rest}
    assert bool(rest) == (sale.customer_ref is not None)
    # partitioned by the customer, else by the transaction; what later stages know of it
    assert (sale.customer_ref or sale.transaction_id).encode() == first.by
    assert ["organisation", "vendor", "received_at", "unit_id"] == [k for k, _ in first.headers]
    assert sale.transaction_id == first.header("unit_id")
    own = examples.example(name).transaction.transaction.encode()
    assert own not in (first.value or b"") + (first.key or b"") + repr(first.headers).encode()


@pytest.mark.parametrize("name", SAID)
def test_a_profile_is_no_sale(name: str) -> None:
    assert PSEUDONYMOUS.name not in {m.topic for m in outputs(name)}
    assert (name == "received_profile/says_not_of_whom") == (outputs(name) == [])


@pytest.mark.parametrize("name", [*SALES, *SAID])
def test_no_example_s_customer_leaves_in_the_clear(name: str) -> None:
    customer = msgspec.to_builtins(examples.customer(name))
    hidden = {"number", "given_name", "family_name", "email", "phone", "street"} & customer.keys()
    said = b"".join(
        (m.key or b"") + (m.value or b"") + repr(m.headers).encode() for m in outputs(name)
    ).lower()
    # numbers of two digits may come about by chance
    planted = [customer[f].lower().encode() for f in hidden if len(customer[f]) > 2]
    assert [] == [value for value in planted if value in said]


def test_every_customer_of_the_examples_has_something_to_hide() -> None:
    assert any(examples.customer(name).email for name in SALES)
    assert any(examples.customer(name).email for name in SAID)


def test_statistics_refused_is_a_sale_of_nobody() -> None:
    [only] = outputs("received_transaction/statistics_refused")
    sale = opened(only)
    assert isinstance(sale, PseudonymousTransaction)
    assert (None, None, None) == (sale.customer_ref, sale.birth, sale.postal_code)


def test_each_receipt_of_a_refund_without_a_time_stands() -> None:
    """It counts on the day of its earliest receipt, which compaction must not take away."""
    for name, stand in (("refund_without_a_time", 2), ("sale_of_a_known_customer", 1)):
        record = examples.example(f"received_transaction/{name}")
        later = replace(record, received_at=record.received_at + timedelta(days=1))
        made = step.transactions(KEYS, OPENER, Sealer(examples.PUBLIC))
        keys = {next(iter(made(Message("t", b"k", avro.encode(r))))).key for r in (record, later)}
        assert stand == len(keys)


def test_a_key_is_everything_that_makes_evidence_its_own() -> None:
    found: dict[bytes | None, object] = {}
    for name in (*SALES, *SAID):
        for message in outputs(name):
            if message.topic == EVIDENCE.name:
                assert found.setdefault(message.key, opened(message)) == opened(message)
    assert len(found) > 3


def test_what_two_sources_say_at_one_time_stands_beside_each_other() -> None:
    said = examples.example("received_profile/register_answer")
    made = step.profiles(KEYS, OPENER, Sealer(examples.PUBLIC))
    one, other = (
        {m.key for m in made(Message(PROFILES.name, b"k", avro.encode(replace(said, source=s))))}
        for s in ("dnb", "markethype")
    )
    # the claims are the customer's, whoever says it
    assert 1 == len(one & other)
    assert len(one) == len(other) > 1


def customer_sealed(clear: bytes) -> Message:
    sale = examples.example("received_transaction/nobody_known")
    sealed = Sealer(examples.PUBLIC).seal(clear)
    return Message(RECEIVED.name, b"o/v/t", avro.encode(replace(sale, customer=sealed)))


def refusal(message: Message) -> Rejected:
    with pytest.raises(Rejected) as rejected:
        list(step.transactions(KEYS, OPENER, Sealer(examples.PUBLIC))(message))
    return rejected.value


@pytest.mark.parametrize(
    "clear",
    [b"", b"{", b"null", b"[" * 5000, b'{"email": 7}', b'{"gender": "hemmelig"}', b'"\xff"'],
)
def test_a_customer_that_is_none_is_rejected_and_not_quoted(clear: bytes) -> None:
    assert "unreadable: customer" == str(refusal(customer_sealed(clear)))


def test_a_customer_sealed_to_another_is_rejected() -> None:
    sale = examples.example("received_transaction/nobody_known")
    other = Sealer(new_key_pair()[1]).seal(b"{}")
    message = Message(RECEIVED.name, b"o/v/t", avro.encode(replace(sale, customer=other)))
    assert Reason.UNSEALABLE == refusal(message).reason


def test_a_message_without_a_value_or_of_another_kind_is_rejected() -> None:
    assert "unreadable: empty" == str(refusal(Message(RECEIVED.name, b"k", None)))
    other = avro.encode(examples.example("evidence/gender"))
    assert Reason.UNREADABLE == refusal(Message(RECEIVED.name, b"k", other)).reason


def test_a_transaction_too_large_for_the_broker_is_rejected() -> None:
    sale = examples.example("received_transaction/nobody_known")
    [line] = sale.transaction.lines
    lines = tuple(replace(line, line=str(n)) for n in range(9000))
    big = replace(sale, transaction=replace(sale.transaction, lines=lines))
    rejected = refusal(Message(RECEIVED.name, b"k", avro.encode(big)))
    assert "invalid_field: lines: too many" == str(rejected)


CUSTOMERS = st.builds(
    Customer,
    **{
        field: st.none() | st.text(max_size=40)
        for field in Customer.__struct_fields__
        if field not in {"gender", "consents"}
    },
)


@settings(max_examples=200, deadline=None)
@given(CUSTOMERS)
def test_whatever_a_customer_says_of_itself_the_sale_comes_through(customer: Customer) -> None:
    message = customer_sealed(msgspec.json.encode(customer))
    found = list(step.transactions(KEYS, OPENER, Sealer(examples.PUBLIC))(message))
    assert PSEUDONYMOUS.name == found[0].topic
