"""Facts told anew equal facts written as they came in, and so does all that follows from them."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos import avro
from kudos.cli.retelling import Topics, make_anew
from kudos.clickhouse import connect
from kudos.records import EnrichedTransaction
from kudos.stream import Message
from kudos.topics import EVIDENCE, LINKS, PSEUDONYMOUS
from services.aggregate import register, store
from services.aggregate.facts import fact_of
from services.aggregate.rebuild import rebuild
from tests.support.derived import TODAY, refreshed, said, worlds_of, write
from tests.support.engine import database
from tests.support.persons import NOWHERE, PLACES
from tests.support.sales import MONDAY, sale, ticket

pytestmark = pytest.mark.engine
PARTITIONS = 2


class Log:
    """Topics that grow: each reading finds more."""

    def __init__(self, sold: Sequence[Any], persons: Sequence[tuple[str, Any]]) -> None:
        self._sales = [(PSEUDONYMOUS.name, one) for one in sold]
        self._persons = list(persons)
        self._readings = {"sales": 0, "persons": 0}

    def sales(self) -> Iterator[Message]:
        return self._read("sales", self._sales)

    def persons(self) -> Iterator[Message]:
        return self._read("persons", self._persons)

    def _read(self, name: str, held: Sequence[tuple[str, Any]]) -> Iterator[Message]:
        self._readings[name] += 1
        offsets = dict.fromkeys(range(PARTITIONS), 0)
        end = len(held) if self._readings[name] > 1 else 2 * len(held) // 3
        for topic, record in held[:end]:
            ref = getattr(record, "customer_ref", None) or record.transaction_id
            part = int(ref, 16) % PARTITIONS
            yield Message(topic, b"", avro.encode(record), partition=part, offset=offsets[part])
            offsets[part] += 3  # compaction leaves gaps


def test_the_topics_tell_it_all_again(engine: str) -> None:
    worlds, houses = worlds_of(4)
    for world in worlds:
        world.sold = [placed(one) for one in world.sold]
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(None))
        refreshed(client)
        expected = said(client)
    sold = [one.transaction for world in worlds for one in world.sold]
    persons: list[tuple[str, Any]] = []
    for world in worlds:
        persons += [(LINKS.name, one) for one in world.links]
        persons += [(EVIDENCE.name, one) for one in world.evidence]
    log = Log(sold, persons)
    with database(engine) as url, connect(url) as client:
        register.sync(client, houses)
        write(client, worlds, slice(5))
        # what no topic tells goes away
        write_astray(client)
        refreshed(client)
        count = make_anew(url, Topics(log.sales, log.persons, PLACES))
        assert (len(sold), len(persons)) == count
        rebuild(url, lambda: TODAY)
        refreshed(client)
        found = said(client)
    for table, rows in expected.items():
        assert rows == found[table], table
    assert sum(map(len, expected.values())) > 5000


def placed(one: EnrichedTransaction) -> EnrichedTransaction:
    """Return a version whose place is what enrich makes of its postal code."""
    sold = one.transaction
    code = Random(sold.transaction_id + sold.revision).choice((*PLACES, None))
    known = replace(sold, postal_code=code, country=code and "NO")
    return replace(one, transaction=known, place=PLACES.get(code or "", NOWHERE))


def write_astray(client: Client) -> None:
    """Write a sale that is in no topic."""
    astray = sale("astray", 9, MONDAY, ticket("astray", MONDAY, 5))
    house = replace(astray.transaction, organisation="house-0-0")
    store.write(client, [fact_of(replace(astray, transaction=house))])
