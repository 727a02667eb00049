"""A customer whose particulars change at the vendor's keeps its number, and is one person.

``customer_ref`` is of all that came at once, the gender too, so that what is one ref can never be
split: a particular that changes makes a new ref of the same person, known by the customer number.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kudos.records import Customer, ReceivedProfile
from services.identity.persons import persons
from services.identity.pseudonym import Said, pseudonymise_profile
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Person
from tests.support.claimed import KEYS, SEALER, hubs, ref
from tests.support.origin import origin

AT = datetime(2026, 5, 17, tzinfo=UTC)
CONTACT: dict[str, Any] = {
    "Id": 118842,
    "FirstName": "Ola",
    "LastName": "Nordmann",
    "Email": "ola.nordmann@example.com",
    "ZipCode": "0155",
    "Country": "NO",
    "Created": "2026-01-12T10:11:12",
}
#: What Tixly's CRM API may send as ``Gender``, and what is read of it: codes are assumed.
GENDERS = [(1, "male"), (2, "female"), (0, None), (3, None), ("1", None), (None, None)]


def read(**changed: Any) -> Customer:
    record = json.dumps(CONTACT | changed).encode()
    (person,) = ADAPTERS["tixly"].parse(record, origin("tixly"))
    assert isinstance(person, Person)
    return person.customer


def said(customer: Customer) -> Said:
    received = ReceivedProfile("tixly", "hus", "tixly", AT, AT, b"", None)
    found = pseudonymise_profile(received, customer, KEYS, SEALER)
    assert found is not None
    return found


@pytest.mark.parametrize(("sent", "gender"), GENDERS)
def test_tixlys_number_is_its_id_whatever_the_gender(sent: object, gender: str | None) -> None:
    customer, plain = read(Gender=sent), read()
    assert ("118842", gender) == (customer.number, customer.gender)
    # nothing else of the customer follows from it, nor any key by which somebody is known again
    assert {**_told(plain), "gender": gender} == _told(customer)
    assert said(plain).claims.match_keys == said(customer).claims.match_keys


def test_who_changed_it_is_one_person_of_whom_two_things_were_said() -> None:
    told = [said(read(Gender=sent)) for sent in (1, 2, None)]
    sold = said(Customer(number="118842"))  # as a sale's row has it
    refs = [one.claims.customer_ref for one in (*told, sold)]
    assert 4 == len(set(refs)), "a ref is of all that came"
    known = [ref("hus", **_texts(read(Gender=sent))) for sent in (1, 2, None)]
    known.append(ref("hus", number="118842"))
    assert set(refs) == {one.id.hex() for one in known}
    assert 1 == len(set(persons(known, hubs(known)).values()))
    genders = [[e.value for e in one.evidence if e.attribute == "gender"] for one in told]
    assert [["male"], ["female"], []] == genders


def _told(customer: Customer) -> dict[str, object]:
    return {name: getattr(customer, name) for name in Customer.__struct_fields__}


def _texts(customer: Customer) -> dict[str, str]:
    return {name: said for name, said in _told(customer).items() if isinstance(said, str)}
