"""Refs become persons: who joins, who is kept apart, and that only the set decides."""

import random
import time
from collections import Counter, defaultdict

import pytest

from services.identity.persons import MANY, Ref, is_hub, persons
from tests.support.claimed import hubs, ref, town

MAIL = "familien@nordvik.no"
NOBODY: frozenset[bytes] = frozenset()


def count(*refs: Ref) -> int:
    """Return how many persons *refs* are."""
    return len(set(persons(refs, hubs(refs)).values()))


KARI = {"given_name": "Kari", "family_name": "Nordvik"}
KNUT = {"given_name": "Knut", "family_name": "Nordvik"}
HOME = {"street": "Storgata 1", "postal_code": "0155"}
BORN = {"birth_date": "1980-01-02"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # strong keys join alone
        ({"email": MAIL}, {"email": MAIL, "phone": "92345678"}, 1),
        ({"phone": "92345678"}, {"email": MAIL, "phone": "92345678"}, 1),
        ({"number": "7"}, {"number": "7", "phone": "92345678"}, 1),
        (KARI | {"email": MAIL}, {"given_name": "Kari", "family_name": "Lund", "email": MAIL}, 1),
        # unless names or birth dates contradict
        (KARI | {"email": MAIL}, KNUT | {"email": MAIL}, 2),
        (KARI | {"number": "7"}, KNUT | {"number": "7"}, 2),
        (KARI | BORN | {"email": MAIL}, KARI | {"birth_date": "1951-07-30", "email": MAIL}, 2),
        # weak keys need another that agrees
        (KARI | BORN, KARI | BORN | {"postal_code": "5003"}, 2),
        (KARI | HOME, KARI | HOME | BORN, 2),
        (KARI | BORN | HOME, KARI | BORN | HOME | {"email": MAIL}, 1),
        (KARI | BORN | {"postal_code": "0155"}, KARI | BORN | HOME, 1),
        (KARI | BORN | HOME, {"given_name": "Kari", "family_name": "Nordvk"} | BORN | HOME, 1),
        (KARI | BORN | HOME, KNUT | BORN | HOME, 2),
    ],
)
def test_pairs(one: dict[str, str], other: dict[str, str], expected: int) -> None:
    assert expected == count(
        ref(**one), ref("bergen-orkester" if "number" not in one else "oslo-teater", **other)
    )


KNUTS = {"email": "knut.nordvik7@nordvik.no"}


@pytest.mark.parametrize(
    ("named", "nameless", "expected"),
    [
        # Kari gave the address of somebody at home: the nameless are Knut's, or nobody knows whose
        (KARI | KNUTS, KNUTS, 2),
        (KARI | KNUTS, KNUTS | {"family_name": "Nordvik"}, 2),
        (KARI | KNUTS, KNUTS | {"birth_date": "1951-07-30"}, 2),
        # it is theirs: as it is spelt, by an initial, mistyped, with another family name
        (KNUT | KNUTS, KNUTS, 1),
        ({"given_name": "K.", "family_name": "Nordvik"} | KNUTS, KNUTS, 1),
        (KNUT | {"email": "k.nordvik@nordvik.no"}, {"email": "k.nordvik@nordvik.no"}, 1),
        (
            {"given_name": "Ingrid", "family_name": "Nordvik", "email": "ingird.nordvik@n.no"},
            {"email": "ingird.nordvik@n.no"},
            1,
        ),
        ({"given_name": "Kari", "family_name": "Lund"} | KNUTS, KNUTS, 1),
        # one word tells not which part of it is a name
        (KARI | {"email": "nordvik@nordvik.no"}, {"email": "nordvik@nordvik.no"}, 1),
        # a number and a phone tell more than whose e-mail was given with it
        (KARI | {"number": "7"}, KNUTS | {"number": "7"}, 1),
        (KARI | {"phone": "92345678"}, KNUTS | {"phone": "92345678"}, 1),
    ],
)
def test_the_nameless_are_whom_their_address_names(
    named: dict[str, str], nameless: dict[str, str], expected: int
) -> None:
    # another phone, that the two be two refs
    phone = {"phone": "41234567"} | nameless if "number" not in nameless else nameless
    assert expected == count(ref(**named), ref(**phone))


def test_where_two_have_an_address_the_nameless_may_be_either_whomever_it_names() -> None:
    kari, knut, nameless = ref(**KARI, **KNUTS), ref(**KNUT, **KNUTS), ref(number="7", **KNUTS)
    refs = [kari, knut, nameless]
    assert 3 == count(*refs)
    # but for who was known as Kari before, by what is stronger
    told = ref(number="7", **KARI)
    assert 2 == count(*refs, told)
    found = persons([*refs, told], NOBODY)
    assert found[told.id] == found[nameless.id] == found[kari.id]


def test_a_customer_number_means_nothing_outside_its_system() -> None:
    assert 3 == count(
        ref(number="7", email="a@nordvik.no"),
        ref(number="7", email="b@nordvik.no", vendor="hoopla"),
        ref("bergen-orkester", number="7", email="c@nordvik.no"),
    )


def test_who_fits_two_that_contradict_is_left_out() -> None:
    family = [ref(email=MAIL, **KARI), ref(email=MAIL, **KNUT)]
    assert 3 == count(*family, ref(email=MAIL, number="7"))
    # what is stronger says which
    known = ref(number="7", phone="92345678", **KARI)
    assert 2 == count(*family, ref(email=MAIL, number="7"), known)


def test_an_edge_between_clusters_is_refused_where_any_of_theirs_contradict() -> None:
    """Kari's ref and Knut's, each with a nameless one, which share a phone."""
    refs = [
        ref(email="kari@nordvik.no", **KARI),
        ref(email="kari@nordvik.no", phone="92345678"),
        ref(email="knut@nordvik.no", **KNUT),
        ref(email="knut@nordvik.no", phone="92345678"),
    ]
    assert 2 == count(*refs)


def test_a_person_is_the_smallest_ref_that_is_theirs() -> None:
    refs = [ref(email=MAIL, number=str(n)) for n in range(5)]
    assert {min(r.id for r in refs)} == set(persons(refs, NOBODY).values())


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_a_hub_joins_nobody(kind: str) -> None:
    shared = {"email": "billett@huset.no", "phone": "00000000"}[kind]
    people = [
        ref(**{kind: shared, "given_name": f"Navn{chr(97 + n)}"}, number=str(n))
        for n in range(MANY + 1)
    ]
    # who came without a name would be guessed at, or join all; now they are alone
    nameless = [ref(**{kind: shared}, number=f"9{n}") for n in range(5)]
    assert set() == hubs([*people[:MANY], *nameless])
    assert 1 == len(hubs([*people, *nameless]))
    assert len(people) + len(nameless) == count(*people, *nameless)


def test_what_makes_a_hub() -> None:
    def shared(*refs: Ref) -> bool:
        return is_hub("email", refs)

    several = range(MANY + 1)
    days = [f"1980-01-{n + 1:02}" for n in several]
    assert shared(*(ref(email=MAIL, given_name="Kari", birth_date=day) for day in days))
    assert shared(*(ref(email=MAIL, phone=f"9234567{n}") for n in several))
    assert shared(*(ref(email=MAIL, number=str(n)) for n in several))
    # a person has a number at each organisation, and shops give guests a new one every time
    assert not shared(*(ref(f"o{n}", email=MAIL, number=str(n)) for n in several))
    assert not shared(*(ref(email=MAIL, number=str(n), **KARI) for n in several))
    telling = {"email": "kari.nordvik@nordvik.no"}
    assert shared(*(ref(number=str(n), **telling) for n in several))
    # somebody who types anew each time is no box office
    families = (
        "Nordvik",
        "Nordvk",
        "Nordvikk",
        "Norvik",
        "Lund",
        "Lunde",
        "Berg",
        "Berge",
        "Bergh",
    )
    assert not shared(*(ref(email=MAIL, given_name="Kari", family_name=f) for f in families))
    assert not shared(*(ref(email=MAIL, given_name=f"{c}.") for c in "abcdefghij"))


def crowd(seed: int, people: int) -> list[Ref]:
    return list({found.id: found for found in (ref(**f) for f in town(seed, people))}.values())


def test_only_the_set_decides() -> None:
    refs = crowd(1, 60)
    expected = persons(refs, hubs(refs))
    sizes = Counter(expected.values())
    # the town has couples, strangers and people of many refs
    assert max(sizes.values()) > 4
    assert 30 < len(sizes) < len(refs) * 0.8
    chance = random.Random(2)
    for _ in range(200):
        chance.shuffle(refs)
        assert expected == persons(refs, hubs(refs))


def test_nobody_is_joined_to_who_contradicts() -> None:
    from services.identity.traits import contradict

    refs = crowd(3, 200)
    found = persons(refs, hubs(refs))
    members = defaultdict(list)
    for one in refs:
        members[found[one.id]].append(one.traits)
    pairs = [(a, b) for c in members.values() for a in c for b in c]
    assert len(pairs) > 2 * len(refs)
    assert not [1 for a, b in pairs if contradict(a, b)]


@pytest.mark.parametrize("shape", ["star", "chain", "households"])
def test_ten_thousand_refs_take_moments(shape: str) -> None:
    def one(n: int) -> Ref:
        if shape == "star":
            return ref(email=MAIL, street=f"Storgata {n}", postal_code="0155", **KARI)
        if shape == "chain":
            return ref(email=f"e{n // 2}@nordvik.no", phone=f"92{(n + 1) // 2:06}", **KARI)
        given = ("Kari", "Knut", "Anne", "Per")[n % 4]
        return ref(number=str(n % 4), email=MAIL, street=f"Storgata {n}", given_name=given)

    refs = [one(n) for n in range(10_000)]
    begun = time.perf_counter()
    found = persons(refs, NOBODY)
    seconds = time.perf_counter() - begun
    assert {"star": 1, "chain": 1, "households": 4}[shape] == len(set(found.values()))
    # 50 ms here; were it quadratic it would be minutes
    assert seconds < 3
