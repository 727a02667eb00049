"""The topics, declared once: broker, rights, tests and documents are made from this list.

Timestamps are LogAppendTime, so that a sale of 1997 does not expire on arrival; segments roll long
before the retention, so that "7 days" is not 14.
"""

from datetime import timedelta

from msgspec import Struct

from kudos.records import (
    Claims,
    CustomerRecord,
    Evidence,
    Frame,
    Link,
    PseudonymousTransaction,
    ReceivedProfile,
    ReceivedTransaction,
    StoppedSource,
)

#: What reads and writes: the services, and the accounts of the commands.
ACCOUNTS = ("ingest", "identity", "enrich", "aggregate", "query", "replay", "operator")

WEEK = timedelta(days=7)

#: The most bytes of a message: Kafka's own limit, and of a dead letter, for what could not be read
#: may be a whole request. A vendor's body is held to what fits (``ingest_most_bytes``).
LARGEST = 1_048_588
LARGEST_LETTER = 8 * 2**20


class Topic(Struct, frozen=True):
    """One topic; *key* and *partitioned_by* are words for people, the producers hold to them."""

    name: str
    holds: str
    record: type[Struct] | None  # None: another topic's bytes, sealed
    key: str
    partitioned_by: str
    kept: timedelta | None  # None: for ever
    compacted: bool
    personal: bool  # personal data, sealed: zone 1
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    partitions: int | None = None  # None: as many as the installation has

    def config(self) -> dict[str, str]:
        """Return the broker's configuration of this topic."""
        day = 24 * 3600 * 1000
        kept = -1 if self.kept is None else int(self.kept.total_seconds() * 1000)
        return {
            "message.timestamp.type": "LogAppendTime",
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(kept),
            # a closed segment is kept for the retention after its last message
            "segment.ms": str(day if kept < 0 else min(day, kept // 7)),
            "delete.retention.ms": str(day),
            # what a newer value replaced, and what a tombstone erased, is gone within a day
            "max.compaction.lag.ms": str(day),
            "compression.type": "producer",
            "max.message.bytes": str(LARGEST_LETTER if self.record is None else LARGEST),
        }


def _dead(topic: str, writers: tuple[str, ...]) -> Topic:
    """Return the topic of what *topic* refused; the ledger in identity notes the units."""
    return Topic(
        name=f"{topic}.dead",
        holds=f"what could not be taken of `{topic}`, sealed to the replay key; reason in headers",
        record=None,
        key="as the original",
        partitioned_by="as the original",
        kept=timedelta(days=30),
        compacted=False,
        personal=True,
        # the replay command notes there what it has replayed
        writers=(*writers, "replay"),
        readers=("identity", "replay"),
    )


RECEIVED = Topic(
    name="transactions.received",
    holds="transactions as received, the customer sealed to identity",
    record=ReceivedTransaction,
    key="organisation + vendor + transaction",
    partitioned_by="the key",
    kept=WEEK,
    compacted=False,
    personal=True,
    writers=("ingest", "replay"),
    readers=("identity",),
)
PROFILES = Topic(
    name="profiles.received",
    holds="what sources say of customers apart from sales, the customer sealed to identity",
    record=ReceivedProfile,
    key="organisation + receipt + position",
    partitioned_by="the key",
    kept=WEEK,
    compacted=False,
    personal=True,
    writers=("ingest", "replay"),
    readers=("identity",),
)
PSEUDONYMOUS = Topic(
    name="transactions.pseudonymous",
    holds="transactions without personal data: the log everything can be rebuilt from",
    record=PseudonymousTransaction,
    key="transaction id + revision (+ time of receipt, where a refund has no time)",
    partitioned_by="customer_ref, else transaction id",
    kept=None,
    compacted=True,
    personal=False,
    writers=("identity", "replay"),
    readers=("enrich",),
)
EVIDENCE = Topic(
    name="customers.evidence",
    holds="one attribute of a customer, as one source stated it at one time",
    record=Evidence,
    key="customer_ref + attribute + source + observed_at + value and confidence",
    partitioned_by="customer_ref",
    kept=None,
    compacted=True,
    personal=False,
    writers=("identity",),
    readers=("aggregate",),
)
CLAIMS = Topic(
    name="identity.claims",
    holds="all match keys of one order or profile",
    record=Claims,
    key="customer_ref",
    partitioned_by="nothing: one partition, so that one resolver is active and the others wait",
    kept=WEEK,
    compacted=False,
    personal=False,
    writers=("identity",),
    readers=("identity",),
    partitions=1,
)
RECORDS = Topic(
    name="identity.records",
    holds="all match keys of one customer_ref: what resolve rebuilds from",
    record=CustomerRecord,
    key="customer_ref",
    partitioned_by="customer_ref",
    kept=None,
    compacted=True,
    personal=False,
    writers=("identity",),
    readers=("identity",),
)
LINKS = Topic(
    name="identity.links",
    holds="the person and the own person that a customer_ref belongs to now",
    record=Link,
    key="customer_ref",
    partitioned_by="customer_ref",
    kept=None,
    compacted=True,
    personal=False,
    writers=("identity",),
    readers=("identity", "aggregate"),
)
ENRICHED = Topic(
    name="transactions.enriched",
    holds="frames: all the transactions of one partition that were at hand",
    record=Frame,
    key="none",
    partitioned_by="the partition it was read from",
    kept=WEEK,
    compacted=False,
    personal=False,
    writers=("enrich", "replay"),
    readers=("aggregate",),
)
STOPPED = Topic(
    name="sources.stopped",
    holds="sources that nothing is taken from, for too much in a row was refused; resumed: deleted",
    record=StoppedSource,
    key="organisation + vendor",
    partitioned_by="nothing: one partition",
    kept=None,
    compacted=True,
    personal=False,
    # every instance of ingest goes by it; an operator resumes; aggregate tells the dashboard
    writers=("ingest", "operator"),
    readers=("ingest", "aggregate", "operator"),
    partitions=1,
)

TOPICS = {
    topic.name: topic
    for topic in (
        RECEIVED,
        PROFILES,
        PSEUDONYMOUS,
        EVIDENCE,
        CLAIMS,
        RECORDS,
        LINKS,
        ENRICHED,
        STOPPED,
        _dead(RECEIVED.name, ("ingest", "identity")),
        _dead(PROFILES.name, ("ingest", "identity")),
        _dead(PSEUDONYMOUS.name, ("enrich",)),
        _dead(ENRICHED.name, ("aggregate",)),
    )
}

#: The consumer group of each step, and the account that it runs as.
GROUPS = {
    "identity.pseudonymise": "identity",
    "identity.profiles": "identity",
    "identity.ledger": "identity",
    "identity.resolve": "identity",
    "enrich": "enrich",
    "aggregate": "aggregate",
    "aggregate.links": "aggregate",
}

#: The one transactional writer of records and links, and the account that it runs as.
TRANSACTIONS = {"identity.resolve": "identity"}
