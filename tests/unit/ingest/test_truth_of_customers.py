"""What adapters make of a simulated customers' page, and of sources, is what the truth says."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from kudos.records import Customer
from kudos.register import Feed, Organisation
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Ignored, Origin, Person
from services.ingest.sources import SOURCES
from simulation.accounts import Account
from simulation.houses import HOUSES
from simulation.orders import Contact
from simulation.play import play
from simulation.requests import body
from simulation.sources import Statement, statements
from simulation.truth import Truth
from simulation.world import World

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
HOUSE = {house.id: house for house in HOUSES}


class Season:
    """What is told of customers apart from sales."""

    def __init__(self) -> None:
        world = World(5, UNTIL, people=3_000)
        self.truth, self.contacts = Truth(), list[Contact]()
        for told in world.season(8_000):
            self.truth.add(told)
            self.contacts += told.contacts
        known = self.truth.told.known()
        self.statements = list(statements(world.seed, world.people, known, UNTIL))


@pytest.fixture(scope="module")
def season() -> Season:
    return Season()


def origin(house: str, feed: str) -> Origin:
    one = HOUSE[house]
    known = Organisation(one.id, one.id, "annet", one.county, one.id, one.city)
    return Origin(known, Feed(feed, numbers_of=one.feeds[0]))


def customer(account: Account) -> Customer:
    said = structs.asdict(account)
    return Customer(**{name: said[name] for name in Customer.__struct_fields__ if name in said})


def test_tixlys_customers_are_the_truths(season: Season) -> None:
    edited = 0
    assert 1_000 < len(season.contacts)
    for begin in range(0, len(season.contacts), 7):
        some = season.contacts[begin : begin + 7]
        records = ADAPTERS["tixly"].split(body("tixly", some, begin % 3)[1])
        for contact, record in zip(some, records, strict=True):
            (person,) = ADAPTERS["tixly"].parse(record, origin(contact.house, "tixly"))
            assert isinstance(person, Person)
            assert customer(contact.account) == person.customer
            assert contact.edited_at == person.observed_at
            edited += contact.edited_at != contact.since
    assert 0 < edited


@pytest.mark.parametrize("source", ["tagtool", "dnb"])
def test_what_sources_state_is_the_truths(season: Season, source: str) -> None:
    told = [one for one in season.statements if one.source == source]
    assert 20 < len(told)
    # a request is one house's
    for number, one in enumerate(told):
        some = [one, *(o for o in told[number + 1 : number + 4] if o.house == one.house)]
        records = SOURCES[source].split(body(source, some, number % 3)[1])
        assert len(some) == len(records)
        (person,) = SOURCES[source].parse(records[0], origin(one.house, source))
        assert one.counts != isinstance(person, Ignored)
        if isinstance(person, Person):
            check(one, person)
    assert any(one.counts for one in told)


def check(one: Statement, person: Person) -> None:
    said = person.stated
    assert said is not None
    assert customer(one.account) == person.customer
    assert (one.observed_at, one.basis) == (person.observed_at, said.basis)
    assert one.confidence == pytest.approx(said.confidence)
    place = said.postal_code and f"{said.country}-{said.postal_code}"
    born = said.birth_date and said.birth_date[:7]
    found = {"segment": said.segment, "gender": said.gender, "birth": born, "postal_code": place}
    assert one.said == {name: value for name, value in found.items() if value}


def test_the_truth_has_what_was_stated_and_of_whom() -> None:
    truth = Truth()
    play(World(5, UNTIL, people=3_000), 8_000, truth, None)
    stated, customers = truth.told.statements(), truth.told.table()
    assert {"tagtool", "dnb"} == set(stated["source"])
    assert stated["customer"].null_count() == 0
    assert set(stated["customer"]) <= set(customers["customer"])
    assert {"declared", "inferred", "register"} == set(stated["basis"])
