"""Bring a broker's topics and rights to what ``kudos.topics`` declares."""

import time
from collections.abc import Iterable, Iterator

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from kudos.kafka import Config
from kudos.topics import ACCOUNTS, GROUPS, TOPICS, TRANSACTIONS, Topic

PARTITIONS = 4
#: How long the broker may take for an answer.
TIMEOUT_S = 30


def apply(
    config: Config,
    topics: Iterable[Topic] = TOPICS.values(),
    partitions: int = PARTITIONS,
    replicas: int = 1,
) -> list[str]:
    """Create or correct *topics* and the accounts' rights; return what was changed, in words.

    Harmless at any time and run by two at once. A topic's partitions are never changed: keys would
    move. *config* is an account's that may alter the cluster. A broker that cannot be reached is a
    ConnectionError.
    """
    try:
        return _apply(config, list(topics), partitions, replicas)
    except KafkaException as error:
        raise ConnectionError(f"Kafka: {error.args[0].str()}") from error


def _apply(config: Config, topics: list[Topic], partitions: int, replicas: int) -> list[str]:
    admin = AdminClient(config)
    wanted = {topic.name: topic for topic in topics}
    there = set(admin.list_topics(timeout=TIMEOUT_S).topics)
    changes = [f"created {name}" for name in wanted if name not in there]
    new = [
        NewTopic(name, topic.partitions or partitions, replicas, config=topic.config())
        for name, topic in wanted.items()
        if name not in there
    ]
    if new:
        for future in admin.create_topics(new, request_timeout=TIMEOUT_S).values():
            _settled(future, KafkaError.TOPIC_ALREADY_EXISTS)
    changes += _correct(admin, [t for name, t in wanted.items() if name in there])
    if "sasl.username" in config:
        changes += _grant(admin)
    return changes


def _correct(admin: AdminClient, topics: list[Topic]) -> list[str]:
    """Set what differs from the declared configuration."""
    if not topics:
        return []
    asked = [ConfigResource(ConfigResource.Type.TOPIC, t.name) for t in topics]
    found = {r.name: f.result(TIMEOUT_S) for r, f in admin.describe_configs(asked).items()}
    changes, altered = [], []
    for topic in topics:
        wrong = {k: v for k, v in topic.config().items() if found[topic.name][k].value != v}
        changes += [f"corrected {topic.name}: {key} = {value}" for key, value in wrong.items()]
        if wrong:
            entries = [
                ConfigEntry(k, v, incremental_operation=AlterConfigOpType.SET)
                for k, v in wrong.items()
            ]
            altered.append(
                ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=entries)
            )
    if altered:
        for future in admin.incremental_alter_configs(altered).values():
            future.result(TIMEOUT_S)
    return changes


def rights() -> set[tuple[str, ResourceType, str, ResourcePatternType, AclOperation]]:
    """Return every right that an account has: account, what, name, exact or prefix, operation."""
    exact, prefix = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED
    topic, group = ResourceType.TOPIC, ResourceType.GROUP
    read, describe = AclOperation.READ, AclOperation.DESCRIBE
    found = {
        (account, topic, t.name, exact, operation)
        for t in TOPICS.values()
        for accounts, own in ((t.writers, AclOperation.WRITE), (t.readers, read))
        for account in accounts
        for operation in (own, describe)
    }
    found |= {(account, group, name, exact, read) for name, account in GROUPS.items()}
    found |= {
        (account, ResourceType.TRANSACTIONAL_ID, name, exact, operation)
        for name, account in TRANSACTIONS.items()
        for operation in (AclOperation.WRITE, describe)
    }
    # Faust keeps topics and a group of its own, named after the app
    found |= {("aggregate", kind, "aggregate", prefix, AclOperation.ALL) for kind in (topic, group)}
    # who reads without a group names one all the same
    found |= {(name, group, name, prefix, read) for name in ("replay", "ingest", "operator")}
    # who asks how far the others are may know ends and committed offsets, but read nothing
    cluster = (ResourceType.BROKER, "kafka-cluster", exact)
    for account in ("aggregate", "operator"):
        found |= {(account, kind, "*", exact, describe) for kind in (topic, group)}
        found.add((account, *cluster, describe))
    for account in ("ingest", "identity", "enrich", "aggregate", "replay"):
        found.add((account, *cluster, AclOperation.IDEMPOTENT_WRITE))
    return found


def _grant(admin: AdminClient) -> list[str]:
    bindings = [
        AclBinding(kind, name, how, f"User:{account}", "*", operation, AclPermissionType.ALLOW)
        for account, kind, name, how, operation in sorted(rights(), key=str)
    ]
    there = set(_existing(admin))
    new = [b for b in bindings if b not in there]
    if new:
        for future in admin.create_acls(new, request_timeout=TIMEOUT_S).values():
            future.result(TIMEOUT_S)
        _until_in_force(admin, set(new))
    # what is no longer declared is taken away; other people's accounts are theirs
    ours = {f"User:{account}" for account in ACCOUNTS}
    old = sorted((b for b in there - set(bindings) if b.principal in ours), key=str)
    if old:
        for future in admin.delete_acls(
            [_filter(b) for b in old], request_timeout=TIMEOUT_S
        ).values():
            future.result(TIMEOUT_S)
    return [
        f"{done} {b.principal} {b.operation.name.lower()} {b.restype.name.lower()} {b.name}"
        for done, changed in (("granted", new), ("revoked", old))
        for b in changed
    ]


def _filter(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _until_in_force(admin: AdminClient, new: set[AclBinding]) -> None:
    """Return when the broker goes by *new*: it takes them in a moment after it has answered."""
    deadline = time.monotonic() + TIMEOUT_S
    while not new <= set(_existing(admin)):
        if time.monotonic() > deadline:
            raise ConnectionError("the broker does not take the accounts' rights")
        time.sleep(0.05)


def _existing(admin: AdminClient) -> Iterator[AclBinding]:
    everything = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        None,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    yield from admin.describe_acls(everything, request_timeout=TIMEOUT_S).result(TIMEOUT_S)


def _settled(future: "object", harmless: int) -> None:
    try:
        future.result(TIMEOUT_S)  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].code() != harmless:
            raise
