"""The topics as declared: who may read what, and for how long the broker keeps it."""

import pytest

from kudos.broker import rights
from kudos.local.secrets import make_missing
from kudos.topics import ACCOUNTS, GROUPS, TOPICS, Topic

DAY_MS = 24 * 3600 * 1000
PERSONAL = {name for name, topic in TOPICS.items() if topic.personal}
topics = pytest.mark.parametrize("topic", TOPICS.values(), ids=list(TOPICS))


def readers(name: str) -> set[str]:
    return set(TOPICS[name].readers)


def test_personal_data_is_where_it_is_declared_and_nowhere_else() -> None:
    received = {"transactions.received", "profiles.received"}
    assert received | {name for name in TOPICS if name.endswith(".dead")} == PERSONAL


@pytest.mark.parametrize("account", ["aggregate", "enrich", "query", "ingest", "operator"])
def test_who_needs_no_personal_data_reads_none(account: str) -> None:
    assert {name for name in PERSONAL if account in readers(name)} == set()


def test_aggregate_reads_neither_claims_nor_what_was_received() -> None:
    own = {"customers.evidence", "identity.links", "transactions.enriched", "sources.stopped"}
    assert own == {name for name in TOPICS if "aggregate" in readers(name)}


def test_who_stops_and_resumes_sources_may_do_no_more_than_that() -> None:
    assert {"ingest", "operator"} == set(TOPICS["sources.stopped"].writers)
    assert {"ingest", "aggregate", "operator"} == readers("sources.stopped")
    for account, reads in (("ingest", {"sources.stopped"}), ("operator", {"sources.stopped"})):
        assert reads == {name for name in TOPICS if account in readers(name)}
    assert {"sources.stopped"} == {n for n, t in TOPICS.items() if "operator" in t.writers}


def test_identity_alone_writes_evidence_and_claims_and_reads_claims() -> None:
    for name in ("customers.evidence", "identity.claims"):
        assert ("identity",) == TOPICS[name].writers
    assert {"identity"} == readers("identity.claims")


def test_every_account_named_is_one() -> None:
    named = {a for t in TOPICS.values() for a in (*t.writers, *t.readers)} | set(GROUPS.values())
    assert named <= set(ACCOUNTS)
    assert {account for account, *_ in rights()} <= set(ACCOUNTS)


def test_every_account_has_a_password_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    passwords = make_missing(tmp_path_factory.mktemp("secrets"))
    assert {*ACCOUNTS, "admin"} == passwords.keys()
    assert len(passwords) == len(set(passwords.values()))


@topics
def test_a_topic_is_kept_as_long_as_it_says(topic: Topic) -> None:
    config = topic.config()
    kept = -1 if topic.kept is None else topic.kept.days * DAY_MS
    assert str(kept) == config["retention.ms"]
    assert ("compact" if topic.compacted else "delete") == config["cleanup.policy"]
    # what is kept for ever is compacted, and the other way round
    assert topic.compacted == (topic.kept is None)
    # a sale of 1997 does not expire on arrival
    assert "LogAppendTime" == config["message.timestamp.type"]
    # a segment that is open for long would make 7 days 14
    assert int(config["segment.ms"]) <= DAY_MS


@topics
def test_what_was_replaced_or_erased_is_gone_within_a_day(topic: Topic) -> None:
    for name in ("delete.retention.ms", "max.compaction.lag.ms"):
        assert str(DAY_MS) == topic.config()[name]


def test_personal_data_is_kept_for_days_and_not_years() -> None:
    assert {7, 30} == {kept.days for name in PERSONAL if (kept := TOPICS[name].kept)}
    assert all(TOPICS[name].kept for name in PERSONAL)


@topics
def test_a_dead_letter_may_be_as_large_as_what_it_holds(topic: Topic) -> None:
    dead = TOPICS.get(f"{topic.name}.dead")
    if dead is not None:
        most = [int(t.config()["max.message.bytes"]) for t in (topic, dead)]
        # a letter is sealed, and says why in headers
        assert most[0] + 2000 < most[1]
        assert set(topic.writers) | set(topic.readers) >= set(dead.writers) - {"replay"}
