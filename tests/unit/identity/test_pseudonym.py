"""Customers become keyed hashes: fine enough to be told apart, and the same each time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kudos.errors import Rejected
from kudos.identifiers import keyed_hash
from kudos.records import (
    Consents,
    Customer,
    Line,
    PseudonymousTransaction,
    ReceivedProfile,
    ReceivedTransaction,
    Transaction,
)
from kudos.sealing import Opener, Sealer, new_key_pair
from services.identity.identifiers import NOBODY, identifiers
from services.identity.pseudonym import (
    Keys,
    Said,
    match_keys,
    pseudonymise,
    pseudonymise_profile,
    rekeyed,
    revision,
)

SOLD = datetime(2026, 5, 17, 18, 3, 11, tzinfo=UTC)
RECEIVED_AT = SOLD + timedelta(seconds=2)
LINE = Line("1", "sale", "ticket", 2, 70000, fee_minor=4000, at=SOLD)
SALE = Transaction("A-1", "A-1", 3, SOLD, False, "web", "NOK", (LINE,))
RECEIVED = ReceivedTransaction("homemade", "oslo-teater", RECEIVED_AT, SALE, None)
KARI = Customer(
    number="77",
    given_name="Kari",
    family_name="Nordvik",
    email="kari@nordvik.no",
    phone="92345678",
    street="Storgata 1",
    postal_code="0155",
    country="NO",
    birth_date="1980-01-02",
    gender="female",
)
KEYS = Keys(b"i" * 32, (b"1" * 32, b"2" * 32, b"3" * 32))
PRIVATE, PUBLIC = new_key_pair()
SEALER = Sealer(PUBLIC)


def made(
    received: ReceivedTransaction = RECEIVED, customer: Customer = KARI, keys: Keys = KEYS
) -> tuple[PseudonymousTransaction, Said | None]:
    return pseudonymise(received, customer, keys, SEALER)


def clean(customer: Customer = KARI, **changes: Any) -> PseudonymousTransaction:
    return made(replace(RECEIVED, **changes), customer)[0]


def said(customer: Customer, **changes: Any) -> Said:
    found = made(replace(RECEIVED, **changes), customer)[1]
    assert found is not None
    return found


def of(customer: Customer) -> dict[str, tuple[str, ...]]:
    return identifiers(customer, RECEIVED_AT.date()).keys()


# --- match keys -----------------------------------------------------------------------------------


@given(st.integers(1, 3), st.sampled_from(["email", "phone", "number", "name_birth"]))
def test_rekeying_from_any_version_equals_making_anew(version: int, kind: str) -> None:
    within, known = ("oslo-teater", "tixly"), {kind: ("kari@nordvik.no", "x")}
    stored = match_keys(within, known, KEYS.versions[:version])
    anew = match_keys(within, known, KEYS.versions)
    assert [f"{kind}.{version}"] == list(stored)
    again = rekeyed(kind, stored[f"{kind}.{version}"], version, KEYS.versions)
    assert anew == {f"{kind}.3": again}


def test_the_versions_of_a_match_key_differ() -> None:
    known = {"email": ("kari@nordvik.no",)}
    found = {
        k for n in (1, 2, 3) for k in match_keys(("o", "v"), known, KEYS.versions[:n]).values()
    }
    assert 3 == len(found)


def test_match_keys_are_the_same_everywhere_but_for_the_number() -> None:
    here = match_keys(("oslo-teater", "tixly"), of(KARI), KEYS.versions)
    there = match_keys(("bergen-orkester", "hoopla"), of(KARI), KEYS.versions)
    assert {"number.3"} == {kind for kind in here if here[kind] != there[kind]}
    assert {f"{k}.3" for k in ("number", "email", "phone", "name_birth", "name_address")} == set(
        here
    )


def test_the_number_of_another_vendor_of_one_house_is_another() -> None:
    numbers = {"number": ("77",)}
    assert match_keys(("o", "tixly"), numbers, KEYS.versions) != match_keys(
        ("o", "hoopla"), numbers, KEYS.versions
    )


def test_kinds_with_one_value_have_different_keys() -> None:
    known = {"email": ("x",), "phone": ("x",)}
    for versions in (1, 3):
        found = match_keys(("o", "v"), known, KEYS.versions[:versions])
        assert 2 == len(set(found.values()))


def test_a_name_a_street_or_a_year_alone_is_no_key() -> None:
    for customer in (
        Customer(given_name="Kari", family_name="Nordvik"),
        Customer(street="Storgata 1", postal_code="0155"),
        Customer(given_name="Kari", birth_date="1980-01"),
        Customer(given_name="Kari", street="Storgata 1"),
        Customer(birth_date="1980-01-02", gender="female"),
    ):
        assert {} == of(customer)
        transaction, spoken = made(customer=customer)
        assert (None, None, None) == (transaction.customer_ref, transaction.record_ref, spoken)


# --- refs -----------------------------------------------------------------------------------------

OTHER: dict[str, Any] = {
    "number": "78",
    "given_name": "Kåre",
    "family_name": "Sørvik",
    "email": "kaare@nordvik.no",
    "phone": "92345679",
    "street": "Storgata 2",
    "postal_code": "0156",
    "country": "SE",
    "birth_date": "1980-01-03",
    "gender": "male",
}


@given(st.sets(st.sampled_from(sorted(OTHER)), min_size=1), st.booleans())
def test_a_customer_ref_is_as_fine_as_what_was_seen(fields: set[str], gone: bool) -> None:  # noqa: FBT001 (drawn)
    changed = replace(KARI, **{f: None if gone else OTHER[f] for f in fields})
    if gone and fields == {"country"}:
        # four digits without a country are Norwegian
        assert clean().customer_ref == clean(changed).customer_ref
    else:
        assert clean().customer_ref != clean(changed).customer_ref


def test_refs_are_of_one_organisation_and_vendor() -> None:
    changes: tuple[dict[str, Any], ...] = ({"organisation": "annen"}, {"vendor": "tixly"})
    for change in changes:
        assert clean().customer_ref != clean(**change).customer_ref
        assert clean().record_ref != clean(**change).record_ref
        assert clean().order_id != clean(**change).order_id
        assert clean().transaction_id != clean(**change).transaction_id


def test_spellings_do_not_make_a_new_customer() -> None:
    spelt = replace(
        KARI, email=" KARI@nordvik.NO", phone="+47 923 45 678", street="Storgaten 1", country=None
    )
    assert clean().customer_ref == clean(spelt).customer_ref


@pytest.mark.parametrize(
    ("gone", "strongest"),
    [
        ((), "number"),
        (("number",), "email"),
        (("number", "email"), "phone"),
        (("number", "email", "phone"), "name_birth"),
        (("number", "email", "phone", "birth_date"), "name_address"),
    ],
)
def test_a_record_ref_is_of_the_strongest_identifier(gone: tuple[str, ...], strongest: str) -> None:
    customer = replace(KARI, **dict.fromkeys(gone))
    known = of(customer)
    assert strongest == next(iter(known))
    expected = keyed_hash(
        KEYS.ids, "record", "oslo-teater", "homemade", strongest, *known[strongest]
    )
    assert expected == clean(customer).record_ref
    # what is weaker may change, and it stays the same record
    weaker = [f for f in OTHER if f not in gone and not used_by(strongest, f)]
    assert expected == clean(replace(customer, **{f: OTHER[f] for f in weaker})).record_ref


def used_by(kind: str, field: str) -> bool:
    name = {"given_name", "family_name"}
    used = {
        "number": {"number"},
        "email": {"email"},
        "phone": {"phone"},
        "name_birth": name | {"birth_date"},
        "name_address": name | {"street", "postal_code", "country"},
    }
    # a country decides how a phone number is read
    return field in used[kind] or (kind == "phone" and field == "country")


# --- revisions ------------------------------------------------------------------------------------


@given(st.data())
def test_revisions_order_by_version_then_erasures_then_hash(data: st.DataObject) -> None:
    one, other = (
        (
            data.draw(st.integers(0, (1 << 63) - 1) | st.integers(0, 3)),
            data.draw(st.integers(0, 3)),
            data.draw(st.text("0123456789abcdef", min_size=32, max_size=32)),
        )
        for _ in range(2)
    )

    def number(parts: tuple[int, int, str]) -> int:
        version, erasures, content = parts
        return int(revision(content, version, RECEIVED_AT), 16) | erasures << 56

    def order(parts: tuple[int, int, str]) -> tuple[int, int, int]:
        return parts[0], parts[1], int(parts[2][:14], 16)

    assert (order(one) < order(other)) == (number(one) < number(other))
    assert number(one) < 1 << 128


def test_revisions_compare_as_text_too() -> None:
    texts = [revision("f" * 32, version, RECEIVED_AT) for version in (0, 9, 10, 1 << 40)]
    assert texts == sorted(texts)
    assert {32} == {len(text) for text in texts}


def test_without_a_version_the_time_of_receipt_orders() -> None:
    plain = replace(SALE, version=None)
    early, late = (
        clean(transaction=plain, received_at=RECEIVED_AT + timedelta(microseconds=n)).revision
        for n in (0, 1)
    )
    assert early < late


@pytest.mark.parametrize("version", [-1, 1 << 63])
def test_an_impossible_version_is_rejected(version: int) -> None:
    with pytest.raises(Rejected, match="invalid_field: version"):
        revision("0" * 32, version, RECEIVED_AT)


def test_the_content_s_hash_is_independent_of_the_time_of_receipt() -> None:
    later = clean(received_at=RECEIVED_AT + timedelta(days=2))
    assert clean().revision == later.revision
    assert clean() == replace(later, received_at=RECEIVED_AT)


@given(st.data())
def test_the_content_s_hash_depends_on_everything_else(data: st.DataObject) -> None:
    fields = {
        "channel": "phone",
        "currency": "SEK",
        "sold_at": SOLD + timedelta(seconds=1),
        "sold_is_date": True,
        "order": "A-2",
        "lines": (LINE, replace(LINE, line="2")),
    }
    field = data.draw(st.sampled_from(sorted(fields)))
    assert clean().revision != clean(transaction=replace(SALE, **{field: fields[field]})).revision
    changed = data.draw(st.sampled_from(["quantity", "amount_minor", "discount_minor", "vat_rate"]))
    line = replace(LINE, **{changed: 7})
    assert clean().revision != clean(transaction=replace(SALE, lines=(line,))).revision
    who = data.draw(st.sampled_from(sorted(OTHER)))
    assert clean().revision != clean(replace(KARI, **{who: OTHER[who]})).revision


def test_a_refund_may_bear_its_sale_s_line_number() -> None:
    both = replace(SALE, lines=(LINE, replace(LINE, kind="refund")))
    found = {line.line for line in clean(transaction=both).lines}
    assert 2 == len(found)
    assert all(32 == len(line) for line in found)


# --- consent --------------------------------------------------------------------------------------


def test_who_does_not_agree_to_statistics_is_dropped_and_the_sale_stays() -> None:
    no = replace(KARI, consents=Consents(statistics=False))
    transaction, spoken = made(customer=no)
    assert spoken is None
    assert NOBODY == identifiers(no, RECEIVED_AT.date())
    assert transaction == replace(made(customer=Customer())[0])
    assert (None,) * 5 == (
        transaction.customer_ref,
        transaction.record_ref,
        transaction.birth,
        transaction.postal_code,
        transaction.country,
    )
    assert 70000 == transaction.lines[0].amount_minor


@pytest.mark.parametrize("answer", [True, None])
def test_who_agreed_or_was_not_asked_is_counted(answer: bool | None) -> None:  # noqa: FBT001 (a table's column)
    assert clean().customer_ref == clean(replace(KARI, consents=Consents(answer))).customer_ref


# --- what is said of a customer -------------------------------------------------------------------


def test_evidence_is_what_was_declared_and_of_a_birth_date_year_and_month() -> None:
    found = said(KARI).evidence
    assert {"gender": "female", "birth": "1980-01", "postal_code": "NO-0155"} == {
        e.attribute: e.value for e in found
    }
    assert {(clean().customer_ref, "oslo-teater", "homemade", "declared", 1.0, SOLD)} == {
        (e.customer_ref, e.organisation, e.source, e.basis, e.confidence, e.observed_at)
        for e in found
    }


def profile(source: str, customer: Customer) -> Said | None:
    received = ReceivedProfile(source, "oslo-teater", "homemade", RECEIVED_AT, SOLD, b"")
    return pseudonymise_profile(received, customer, KEYS, SEALER)


def test_a_profile_s_number_meets_the_orders_of_the_vendor_whose_it_is() -> None:
    found = profile("dnb", Customer(number="77", gender="male"))
    assert found is not None
    assert said(KARI).claims.match_keys["number.3"] == found.claims.match_keys["number.3"]
    assert {("gender", "register", "dnb")} == {
        (e.attribute, e.basis, e.source) for e in found.evidence
    }


def test_a_profile_that_says_not_of_whom_says_nothing() -> None:
    assert profile("npumonitor", Customer(gender="other", postal_code="0155")) is None
    assert profile("dnb", replace(KARI, consents=Consents(statistics=False))) is None


def test_evidence_under_one_key_has_one_value() -> None:
    """Compaction keeps one value of a key: ref, attribute, source and time must decide it."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for field, value in OTHER.items():
        for customer in (KARI, replace(KARI, **{field: value})):
            for e in said(customer).evidence:
                key = (e.customer_ref, e.attribute, e.source, e.observed_at)
                found.setdefault(key, set()).add(e.value)
    assert {1} == {len(values) for values in found.values()}


def test_codes_are_sealed_and_tell_words_and_parts_of_a_date() -> None:
    claims = said(replace(KARI, given_name="Kari Anne")).claims
    assert claims.codes is not None
    codes = json.loads(Opener(PRIVATE).open(claims.codes))
    expected = {"given": 2, "family": 1, "birth": 3, "initials": 2, "near": 4}
    assert expected == {k: len(v) for k, v in codes.items()}
    only_year = said(replace(KARI, birth_date="1980")).claims.codes
    assert only_year is not None
    assert codes["birth"][:1] == json.loads(Opener(PRIVATE).open(only_year))["birth"]


def test_without_name_and_birth_date_there_are_no_codes() -> None:
    assert said(Customer(email="kari@nordvik.no", phone="92345678")).claims.codes is None


def test_of_the_nameless_the_words_of_their_e_mail_are_sealed() -> None:
    sealed = said(Customer(email="Kari.Nordvik7@nordvik.no")).claims.codes
    assert sealed is not None
    assert b"nordvik" not in sealed.lower()
    found = json.loads(Opener(PRIVATE).open(sealed))
    named = said(KARI).claims.codes
    assert named is not None
    known = json.loads(Opener(PRIVATE).open(named))
    assert {"mailbox": 2, "initials": 2, "typos": 8} == {k: len(v) for k, v in found.items()}
    assert known["given"] + known["family"] == found["mailbox"]
    assert "mailbox" not in known


# --- no personal data -----------------------------------------------------------------------------

#: Odd enough that none comes about by chance.
PLANTED = st.text("bcdfghjklmnpqrstvwxz", min_size=9, max_size=14)


@settings(max_examples=150, deadline=None)
@given(st.lists(PLANTED, min_size=6, max_size=6, unique=True), st.integers(20000000, 99999999))
def test_nothing_personal_leaves_in_the_clear(words: list[str], phone: int) -> None:
    given, family, local, domain, street, number = words
    customer = Customer(
        number=number,
        given_name=given,
        family_name=family.title(),
        email=f"{local}@{domain}.no",
        phone=f"+47{phone}",
        street=f"{street.title()}gata 7",
        postal_code="0155",
        birth_date="1977-12-29",
        gender="other",
    )
    secret_numbers = replace(SALE, transaction="tx" + number, order="or" + number)
    transaction, spoken = made(replace(RECEIVED, transaction=secret_numbers), customer)
    assert spoken is not None
    outputs = msgspec.json.encode((transaction, spoken)).decode().casefold()
    planted = [*words, str(phone), f"tx{number}", "1977-12-29", "12-29"]
    assert [] == [value for value in planted if value in outputs]
    # the search can find: what may be read is there
    assert "1977-12" in outputs
    assert "0155" in outputs
    # and the key matters: nobody without it comes to the same hashes
    other = pseudonymise(RECEIVED, customer, Keys(b"j" * 32, (b"4" * 32,)), SEALER)
    assert spoken.claims.customer_ref != other[0].customer_ref
    assert other[1] is not None
    assert not set(spoken.claims.match_keys.values()) & set(other[1].claims.match_keys.values())
