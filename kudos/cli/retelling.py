"""The facts anew, from what the topics tell: into tables beside, which are then swapped in.

The steps are the services' own: enrich's on each transaction, aggregate's on transactions, links
and statements. Services go on meanwhile. What they have written since it was read here went into
the tables that are gone, and stands in the topics behind the place to which those were read: so it
is read once more after the swap.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos import avro
from kudos.cli.running import Running
from kudos.clickhouse import connect, migrate
from kudos.errors import Rejected
from kudos.kafka import Config
from kudos.place import Places, places
from kudos.reading import held
from kudos.records import Evidence, Link, PseudonymousTransaction
from kudos.stream import Message
from kudos.topics import EVIDENCE, LINKS, PSEUDONYMOUS
from services.aggregate import links, store
from services.aggregate.evidence import Taken, statement_of
from services.aggregate.facts import Fact, fact_of
from services.enrich.step import enrich

#: What the topics tell.
FACTS = (
    "versions",
    "sales",
    "customer_days",
    "order_days",
    "links",
    "refs_of_persons",
    "evidence",
)
_BATCH = 5000
#: Cells that are only in the new facts; what is marked already is computed anew by the rebuild.
_MARK = """
INSERT INTO marks (day, organisation, marks)
SELECT DISTINCT day, organisation, 1 FROM {beside}.marks
WHERE (day, organisation) NOT IN (SELECT day, organisation FROM marks)
"""
Part = tuple[str, int]
Read = Callable[[], Iterator[Message]]


class Topics(Struct, frozen=True):
    """How the topics are read, each time from their beginnings, and what is known of places."""

    sales: Read
    persons: Read
    places: Places


def topics_of(system: Running, reference: Path) -> Topics:
    """Return the topics of a running system, each read as the account that may.

    What is known of places stands in *reference*, as ``kudos reference import`` keeps it.
    """
    enriching, aggregating = (_kafka(system, name) for name in ("enrich", "aggregate"))
    return Topics(
        lambda: held(enriching, "enrich", [PSEUDONYMOUS.name]),
        lambda: held(aggregating, "aggregate.links", [LINKS.name, EVIDENCE.name]),
        places(reference),
    )


def _kafka(system: Running, account: str) -> Config:
    return system.settings(account).kafka_config()


def make_anew(url: str, topics: Topics) -> tuple[int, int]:
    """Make the facts of the database that *url* names anew; return how many were read.

    First transactions, then links and statements.

    Killed, it begins anew when it is run again, which it has to be where it was killed in the swap.
    """
    name = urlsplit(url).path.strip("/") or "kudos"
    beside = f"{name}_facts"
    filling_url = urlsplit(url)._replace(path=f"/{beside}").geturl()
    with connect(url, timeout_s=3600) as client:
        client.command(f"DROP DATABASE IF EXISTS {beside}")
        migrate(filling_url)
        with connect(filling_url, timeout_s=3600) as filling:
            writer = Writer(filling, topics.places)
            writer.write(topics)
        for table in FACTS:
            client.command(f"EXCHANGE TABLES {name}.{table} AND {beside}.{table}")
        client.raw_query(_MARK.format(beside=beside))
        writer.catch_up(client, topics)
        client.command(f"DROP DATABASE {beside}")
    return writer.sold, writer.linked


class Writer:
    """Writes what topics tell, from where it has come to."""

    def __init__(self, client: Client, known: Places) -> None:
        self._client, self._places = client, known
        self._done: dict[Part, int] = {}
        self.sold = self.linked = 0

    def write(self, topics: Topics) -> None:
        """Write all that is there now and was not yet read."""
        for batch in _batches(self._new(topics.sales())):
            facts = list(chain.from_iterable(map(self._facts, batch)))
            store.write(self._client, facts)
            self.sold += len(facts)
        for batch in _batches(self._new(topics.persons())):
            links.write(self._client, self._batch(batch))
            self.linked += len(batch)

    def catch_up(self, client: Client, topics: Topics) -> None:
        """Write what has come since, with *client*."""
        self._client = client
        self.write(topics)

    def _new(self, messages: Iterator[Message]) -> Iterator[Message]:
        for message in messages:
            part, offset = (message.topic, message.partition or 0), message.offset or 0
            if offset >= self._done.get(part, 0):
                self._done[part] = offset + 1
                if message.value is not None:
                    yield message

    def _facts(self, message: Message) -> Iterator[Fact]:
        """Yield the fact; what a service refused is a dead letter already."""
        try:
            sold = avro.decode(message.value or b"", PseudonymousTransaction)
            yield fact_of(enrich(self._places, sold))
        except Rejected:
            return

    def _batch(self, messages: Sequence[Message]) -> links.Batch:
        linked, stated = [], []
        for message in messages:
            value, offset = message.value or b"", message.offset or 0
            if message.topic == LINKS.name:
                linked.append((avro.decode(value, Link), offset))
            else:
                said = statement_of(avro.decode(value, Evidence), offset, self._places)
                stated.append(Taken(said, 0))
        return links.Batch(linked, stated)


def _batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    for message in messages:
        batch.append(message)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
