"""Every fixture, three times and in any order, with versions swapped: the same facts.

As it goes in truth: read and stamped by ingest, pseudonymised by identity, put on its days by
aggregate.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kudos import avro
from kudos.records import EnrichedTransaction, Place, PseudonymousTransaction, ReceivedTransaction
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Message
from kudos.topics import PSEUDONYMOUS, RECEIVED
from services.aggregate.facts import Fact, History, Receipt, fact_of
from services.aggregate.store import standing_rows
from services.identity import step
from services.identity.pseudonym import Keys
from services.ingest.adapters import ADAPTERS
from services.ingest.receiving import Intake
from tests.support.origin import NOW, origin

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(p for p in FIXTURES.glob("*/*") if ".expected" not in p.name)
PRIVATE, PUBLIC = new_key_pair()
SEALER = Sealer(PUBLIC)
PSEUDONYMISE = step.transactions(Keys(b"i" * 32, (b"1" * 32,)), Opener(PRIVATE), SEALER)
#: Two receipts differ, and a refund that nobody dates is of the same second all the same.
TICK = timedelta(milliseconds=1)


def taken(vendor: str, record: bytes, at: datetime) -> list[Message]:
    """Return the sales in *record* as ingest writes them."""
    dead = DeadLetters("ingest", SEALER, lambda *_: None)
    intake = Intake(ADAPTERS[vendor], origin(vendor), SEALER, dead, "receipt")
    return [message for message in intake.take(record, at) if message.topic == RECEIVED.name]


def units(vendor: str, record: bytes) -> dict[str, int | None]:
    """Return the transactions in *record* with the versions that the vendor marks."""
    messages = taken(vendor, record, NOW)
    sold = [avro.decode(message.value or b"", ReceivedTransaction) for message in messages]
    return {one.transaction.transaction: one.transaction.version for one in sold}


def facts(vendor: str, deliveries: Iterable[bytes]) -> list[Any]:
    """Return what stands when *deliveries* came in one after another, but for its revision."""
    found: list[Fact] = []
    for place, record in enumerate(deliveries):
        for message in taken(vendor, record, NOW + place * TICK):
            for told in PSEUDONYMISE(message):
                if told.topic == PSEUDONYMOUS.name:
                    clean = avro.decode(told.value or b"", PseudonymousTransaction)
                    found.append(fact_of(EnrichedTransaction(clean, "unknown", Place())))
    receipts: defaultdict[int, list[Receipt]] = defaultdict(list)
    for fact in found:
        receipts[fact.receipt.transaction_id].append(fact.receipt)
    histories = {id_: History(tuple(some)) for id_, some in receipts.items()}
    rows = standing_rows(found, histories)
    return sorted((r.day, r.head._replace(revision=0), r.lines) for r in rows if r.lines)


def shuffled(vendor: str, records: Sequence[bytes], chance: Random) -> list[bytes]:
    """Return *records* three times in a random order.

    Of what bears no version the last received stands, so what it is now comes once more at the end.
    """
    several = [*records] * 3
    chance.shuffle(several)
    last: dict[str, bytes] = {}
    for record in records:
        last |= {unit: record for unit, version in units(vendor, record).items() if version is None}
    return several + [record for record in records if record in last.values()]


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_three_times_in_any_order_gives_the_same_facts(case: Path) -> None:
    vendor = case.parent.name
    records = ADAPTERS[vendor].split(case.read_bytes())
    once = facts(vendor, records)
    assert once == facts(vendor, [*records] * 3)
    assert once == facts(vendor, shuffled(vendor, records, Random(case.stem)))


def versions(vendor: str) -> list[tuple[bytes, bytes]]:
    """Return pairs of records that are two versions of one transaction, the older first."""
    cases = [case for case in CASES if case.parent.name == vendor]
    found: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
    for record in (one for case in cases for one in ADAPTERS[vendor].split(case.read_bytes())):
        for unit, version in units(vendor, record).items():
            if version is not None:
                found[unit].setdefault(version, record)
    several = (sorted(some.items()) for some in found.values() if len(some) > 1)
    return [(some[0][1], some[-1][1]) for some in several]


@cache
def marks_versions(vendor: str) -> bool:
    cases = [case for case in CASES if case.parent.name == vendor]
    records = [one for case in cases for one in ADAPTERS[vendor].split(case.read_bytes())]
    return any(v is not None for record in records for v in units(vendor, record).values())


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_a_vendors_page_says_whether_it_marks_versions(vendor: str) -> None:
    said = ADAPTERS[vendor].about.versions.lower()
    assert marks_versions(vendor) == (not said.startswith("none"))


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_the_newer_version_stands_whichever_comes_last(vendor: str) -> None:
    pairs = [
        (older, newer)
        for older, newer in versions(vendor)
        if facts(vendor, [older]) != facts(vendor, [newer])
    ]
    assert bool(pairs) == marks_versions(vendor), (
        "two versions of one transaction among the fixtures"
    )
    for older, newer in pairs:
        assert facts(vendor, [newer]) == facts(vendor, [older, newer])
        assert facts(vendor, [newer]) == facts(vendor, [newer, older])
