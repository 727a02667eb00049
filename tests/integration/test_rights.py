"""Each account may do on each topic what is declared, and nothing else: all of it is tried."""

import time
from collections.abc import Callable

import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from kudos import broker
from kudos.topics import ACCOUNTS, GROUPS, STOPPED, TOPICS, Topic
from tests.support.broker import PARTITIONS, Kafka

pytestmark = pytest.mark.kafka

DEADLINE_S = 30.0


def may_see(client: Consumer | Producer, topic: str) -> bool:
    """Tell whether *topic* is shown; what is hidden can neither be read nor written."""
    error = client.list_topics(topic, timeout=DEADLINE_S).topics[topic].error
    assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, error
    return error is None


def may_write(producer: Producer, topic: str) -> bool:
    if not may_see(producer, topic):
        return False
    told: list[KafkaError | None] = []
    producer.produce(topic, b"tried", b"tried", on_delivery=lambda error, _m: told.append(error))
    assert 0 == producer.flush(DEADLINE_S)
    [error] = told
    # what is neither yes nor no is no answer
    assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, error
    return error is None


def may_read(kafka: Kafka, account: str, topic: str) -> bool:
    """Read what ``admin`` has put there; by partition, for which no group is needed."""
    consumer = Consumer(
        kafka.config(account) | {"group.id": "tests.none", "enable.auto.commit": False}
    )
    try:
        if not may_see(consumer, topic):
            return False
        consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        return answered(consumer, KafkaError.TOPIC_AUTHORIZATION_FAILED, lambda m: m is not None)
    finally:
        consumer.close()


def may_join(kafka: Kafka, account: str, group: str) -> bool:
    consumer = Consumer(kafka.config(account) | {"group.id": group})
    try:
        # a consumer that is shown no topic does not ask for its group
        consumer.subscribe([name for name in TOPICS if may_see(consumer, name)] or list(TOPICS))
        no = KafkaError.GROUP_AUTHORIZATION_FAILED
        return answered(consumer, no, lambda _m: bool(consumer.memberid()))
    finally:
        consumer.close()


def answered(consumer: Consumer, no: int, yes: Callable[[Message | None], bool]) -> bool:
    """Poll until *yes* says so, or the error *no* does."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        message = consumer.poll(0.1)
        error = None if message is None else message.error()
        if error is not None and error.code() == no:
            return False
        if yes(None if error else message):
            return True
    raise AssertionError("neither yes nor no")


@pytest.fixture(scope="module")
def filled(kafka: Kafka) -> Kafka:
    """Return a broker with a message on every topic."""
    producer = Producer(kafka.config())
    for topic in TOPICS:
        producer.produce(topic, b"from admin", b"k")
    assert 0 == producer.flush(DEADLINE_S)
    return kafka


@pytest.mark.parametrize("account", ACCOUNTS)
def test_each_account_writes_what_is_declared_and_nothing_else(filled: Kafka, account: str) -> None:
    # without idempotence, which would need a right of its own to tell yes from no
    producer = Producer(filled.config(account) | {"message.timeout.ms": int(DEADLINE_S * 1000)})
    declared = {name for name, topic in TOPICS.items() if account in topic.writers}
    assert declared == {name for name in TOPICS if may_write(producer, name)}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_each_account_reads_what_is_declared_and_nothing_else(filled: Kafka, account: str) -> None:
    declared = {name for name, topic in TOPICS.items() if account in topic.readers}
    assert declared == {name for name in TOPICS if may_read(filled, account, name)}


def test_the_tables_of_rights_say_what_privacy_asks(filled: Kafka) -> None:
    """What was tried above is what is declared; and this is what must be declared."""
    readers = {name: set(topic.readers) for name, topic in TOPICS.items()}
    for name, topic in TOPICS.items():
        if topic.personal:
            assert readers[name] <= {"identity", "replay"}, name
    assert {"identity"} == readers["identity.claims"]
    # which sources are stopped, and why, tells of no person
    assert not TOPICS[STOPPED.name].personal
    edge = {"ingest", "query", "operator"}
    assert {STOPPED.name} == {name for name in TOPICS if readers[name] & edge}


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_is_its_account_s_alone(filled: Kafka, group: str) -> None:
    found = {account for account in ACCOUNTS if may_join(filled, account, group)}
    assert {GROUPS[group]} == found


@pytest.mark.parametrize(
    ("account", "password"), [("aggregate", "wrong"), ("nobody", "x"), ("admin", "x")]
)
def test_a_wrong_password_is_refused(kafka: Kafka, account: str, password: str) -> None:
    config = kafka.config() | {"sasl.username": account, "sasl.password": password}
    errors: list[KafkaError] = []
    admin = AdminClient(config | {"error_cb": errors.append})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    admin.poll(0)
    assert KafkaError._AUTHENTICATION in {e.code() for e in errors}  # noqa: SLF001 (a public constant of the C library)


def test_nobody_gets_in_without_an_account(kafka: Kafka) -> None:
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": kafka.address, "log_level": 0}).list_topics(timeout=3)


# --- kudos topics apply ---------------------------------------------------------------------------


def settled(kafka: Kafka, expected: Callable[[list[str]], bool]) -> list[str]:
    """Return what applying changes, once it is as *expected*: rights take a moment to be told."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        changes = broker.apply(kafka.config(), partitions=PARTITIONS)
        if expected(changes):
            return changes
        assert time.monotonic() < deadline, changes


def configuration(admin: AdminClient, topic: str) -> dict[str, str]:
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic)]
    [future] = admin.describe_configs(asked).values()
    return {name: entry.value for name, entry in future.result(30).items()}


@pytest.mark.parametrize("topic", TOPICS.values(), ids=list(TOPICS))
def test_a_topic_is_on_the_broker_as_it_is_declared(kafka: Kafka, topic: Topic) -> None:
    found = configuration(AdminClient(kafka.config()), topic.name)
    assert topic.config() == {name: found[name] for name in topic.config()}
    assert "LogAppendTime" == found["message.timestamp.type"]


def test_applying_twice_changes_nothing(kafka: Kafka) -> None:
    settled(kafka, lambda changes: not changes)
    assert [] == broker.apply(kafka.config(), partitions=PARTITIONS)


def test_what_differs_is_corrected_and_only_that(kafka: Kafka) -> None:
    admin = AdminClient(kafka.config())
    wrong = ConfigEntry("retention.ms", "1000000", incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource(
        ConfigResource.Type.TOPIC, "transactions.received", incremental_configs=[wrong]
    )
    for future in admin.incremental_alter_configs([topic]).values():
        future.result(30)
    week = str(7 * 24 * 3600 * 1000)
    expected = [f"corrected transactions.received: retention.ms = {week}"]
    assert expected == settled(kafka, bool)
    assert week == configuration(admin, "transactions.received")["retention.ms"]
    settled(kafka, lambda changes: not changes)


def test_a_topic_that_went_away_is_made_again(kafka: Kafka) -> None:
    admin = AdminClient(kafka.config())
    for future in admin.delete_topics(["profiles.received.dead"]).values():
        future.result(30)
    assert ["created profiles.received.dead"] == settled(kafka, bool)
    settled(kafka, lambda changes: not changes)


def test_a_right_that_is_not_declared_is_taken_away_and_other_people_s_stay(kafka: Kafka) -> None:
    admin = AdminClient(kafka.config())
    more = [
        AclBinding(
            ResourceType.TOPIC,
            "identity.claims",
            ResourcePatternType.LITERAL,
            f"User:{account}",
            "*",
            AclOperation.READ,
            AclPermissionType.ALLOW,
        )
        for account in ("aggregate", "backup")
    ]
    for future in admin.create_acls(more).values():
        future.result(30)
    assert ["revoked User:aggregate read topic identity.claims"] == settled(kafka, bool)
    settled(kafka, lambda changes: not changes)


def test_a_broker_that_is_not_there_is_one_clear_error(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "TIMEOUT_S", 1)
    with pytest.raises(ConnectionError, match="Kafka: "):
        broker.apply(kafka.config() | {"bootstrap.servers": "127.0.0.1:9"})
