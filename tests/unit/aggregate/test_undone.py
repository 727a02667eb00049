"""A join that turns out to be none leaves every figure as if it had never been made.

Resolve's own links of real claims go into the engine; what must stand in the end is told by links
that are written down here by hand.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos import avro
from kudos.clickhouse import connect
from kudos.records import Claims, Link
from kudos.register import Organisation, Register
from kudos.topics import LINKS
from services.aggregate import links, register, store
from services.aggregate.facts import fact_of
from services.identity import active
from services.identity.state import State
from tests.support.claimed import claims, messages, resolver
from tests.support.derived import refreshed, said
from tests.support.engine import database
from tests.support.sales import MONDAY, sale, ticket
from tests.support.turns import MemoryTopics

pytestmark = pytest.mark.engine

MAIL, PHONE = "familien@nordvik.no", "92345678"
OFFICE = "billett@huset.no"
HOUSES = 40
REFS = 10_000


class Persons:
    """Claims as resolve takes them in, and what it says of them as aggregate does."""

    def __init__(self, folder: Path) -> None:
        self._topics, self._state, self._done = MemoryTopics(), State(folder), 0

    def claimed(self, client: Client, said: Iterable[Claims]) -> None:
        """Resolve what is *said*, and bring every figure up to it."""
        self._topics.claims += messages(said)
        step = resolver()
        active.run([self._topics.turn(2000)], self._state, step, step.step)
        new = self._topics.committed[LINKS.name][self._done :]
        batch = [(avro.decode(m.value or b"", Link), n) for n, m in enumerate(new, self._done)]
        self._done += len(new)
        links.write(client, links.Batch(batch))
        refreshed(client)

    def close(self) -> None:
        """Let the state go."""
        self._state.close()


@pytest.fixture
def persons(tmp_path: Path) -> Iterator[Persons]:
    found = Persons(tmp_path)
    yield found
    found.close()


def sell(client: Client, buyers: Sequence[Claims]) -> None:
    """Sell each of *buyers* a ticket, on one of ten days."""
    houses = {
        name: Organisation(name, name, ("museum", "festival")[n % 2], "46", name, "4601")
        for n, name in enumerate(sorted({one.organisation for one in buyers}))
    }
    register.sync(client, Register(houses, {}, {}))
    facts = []
    for n, buyer in enumerate(buyers):
        one = sale(("undone", n), 1, MONDAY, ticket(f"u-{n}", MONDAY + timedelta(days=n % 10)))
        bought = {"organisation": buyer.organisation, "customer_ref": buyer.customer_ref}
        facts.append(fact_of(replace(one, transaction=replace(one.transaction, **bought))))
    store.write(client, facts)
    refreshed(client)


def test_merged_and_parted_again_the_figures_are_those_from_before(
    engine_url: str, persons: Persons
) -> None:
    apart = [
        claims("house-1", email=MAIL, given_name="Kari"),
        claims("house-2", phone=PHONE, given_name="Kari"),
        claims("house-2", email="per@nordvik.no", given_name="Per"),
    ]
    with connect(engine_url) as client:
        # each of them on several days
        sell(client, apart * 7)
        persons.claimed(client, apart)
        before = said(client)
        assert all(before.values())
        # who fits both joined them; they buy nothing, so only figures of persons may change
        persons.claimed(client, [claims("house-3", email=MAIL, phone=PHONE)])
        merged = said(client)
        changed = {table for table, rows in before.items() if rows != merged[table]}
        assert changed == {"visits", "kpi_rolling", "cross_use", "kpi_daily"}
        names = [f"N{c}n" for c in "abcdefgh"]
        persons.claimed(client, (claims("house-3", email=MAIL, given_name=n) for n in names))
        persons.claimed(client, (claims("house-3", phone=PHONE, given_name=n) for n in names))
        assert before == said(client)


@pytest.mark.long
def test_a_hub_of_ten_thousand_found_late_leaves_the_figures_as_if_it_had_joined_nobody(
    engine: str, engine_url: str, persons: Persons
) -> None:
    orders = [
        claims(f"house-{n % HOUSES}", email=OFFICE, number=str(n), given_name="Kari")
        for n in range(REFS)
    ]
    with connect(engine_url) as client:
        sell(client, orders)
        persons.claimed(client, orders)
        joined = said(client)
        persons.claimed(client, (claims(email=OFFICE, given_name=f"Navn{c}") for c in "abcdefghij"))
        found = said(client)
    assert joined["kpi_rolling"] != found["kpi_rolling"]
    # within a house each has seen but one name: there they are one, and everywhere else alone
    least: dict[str, str] = {}
    for one in orders:
        least[one.organisation] = min(one.customer_ref, least.get(one.organisation, "g"))
    alone = [
        (_link(one, least[one.organisation][:16]), number) for number, one in enumerate(orders)
    ]
    with database(engine) as url, connect(url) as client:
        sell(client, orders)
        links.write(client, links.Batch(alone))
        refreshed(client)
        expected = said(client)
    for table, rows in expected.items():
        assert rows == found[table], table
    print(f"{sum(map(len, expected.values()))} rows compared")


def _link(one: Claims, own: str) -> Link:
    ref = one.customer_ref
    return Link(one.organisation, ref, ref[:16], own, None, None)
