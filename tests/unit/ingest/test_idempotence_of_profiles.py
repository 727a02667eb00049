"""What is told of customers, three times and in any order: the same claims and evidence stand.

Of sources of profiles, and of vendors whose records tell of customers: by ingest and identity.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from kudos import avro
from kudos.errors import Rejected
from kudos.records import Claims, Evidence
from kudos.register import Feed
from kudos.stream import DeadLetters
from kudos.topics import CLAIMS, EVIDENCE, RECEIVED
from services.identity import step
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Adapter, Origin, Person
from services.ingest.receiving import Intake
from services.ingest.sources import SOURCES
from tests.support.origin import NOW, origin
from tests.support.standing import KEYS, OPENER, PSEUDONYMISE, SEALER, TICK

HERE = Path(__file__).parent
KNOWN: dict[str, Adapter] = {**ADAPTERS, **SOURCES}
CASES = sorted(
    path
    for folder in ("fixtures", "profiles")
    for path in (HERE / folder).glob("*/*")
    if ".expected" not in path.name
)
PROFILES = step.profiles(KEYS, OPENER, SEALER)


def feed(vendor: str) -> Feed:
    """Return it as the register has it; of a source, whose numbers it carries."""
    if vendor not in SOURCES:
        return origin(vendor).feed
    own = {"orders": "sales"} if vendor == "markethype" else {}
    return Feed(vendor, numbers_of="tixly", own=own)


def stands(vendor: str, records: Iterable[bytes]) -> tuple[set[Any], set[Any]]:
    """Return the claims and the evidence that stand once *records* came in one by one.

    Of what one source says of one attribute of a customer the newest stands, and what nobody dates
    is as new as its receipt.
    """
    whose = Origin(origin(vendor).organisation, feed(vendor))
    dead = DeadLetters("ingest", SEALER, lambda *_: None)
    intake = Intake(KNOWN[vendor], whose, SEALER, dead, "receipt")
    claims, newest = set(), dict[tuple[str, str, str], dict[datetime, set[Any]]]()
    for place, record in enumerate(records):
        for message in intake.take(record, NOW + place * TICK):
            if message.topic.endswith(".dead"):
                continue
            told = PSEUDONYMISE if message.topic == RECEIVED.name else PROFILES
            for one in told(message):
                if one.topic == CLAIMS.name:
                    said = avro.decode(one.value or b"", Claims)
                    claims.add((said.customer_ref, *sorted(said.match_keys.items())))
                if one.topic == EVIDENCE.name:
                    found = avro.decode(one.value or b"", Evidence)
                    key = (found.customer_ref, found.attribute, found.source)
                    by_time = newest.setdefault(key, {})
                    by_time.setdefault(found.observed_at, set()).add(
                        (found.value, found.basis, found.confidence)
                    )
    return claims, {(*key, *sorted(some[max(some)])) for key, some in newest.items()}


def is_undated(vendor: str, record: bytes) -> bool:
    """Tell whether *record* tells of a customer, and not of when."""
    try:
        found = KNOWN[vendor].parse(record, Origin(origin(vendor).organisation, feed(vendor)))
    except Rejected:
        return False
    return any(isinstance(one, Person) and one.observed_at is None for one in found)


@pytest.mark.parametrize("vendor", KNOWN)
def test_three_times_in_any_order_stands_the_same(vendor: str) -> None:
    cases = [case for case in CASES if case.parent.name == vendor]
    assert cases
    for case in cases:
        records = KNOWN[vendor].split(case.read_bytes())
        once = stands(vendor, records)
        several = [*records] * 3
        Random(case.stem).shuffle(several)
        # of what nobody dates, what it is now comes once more at the end
        last = [record for record in records if is_undated(vendor, record)]
        assert once == stands(vendor, [*records] * 3), case.stem
        assert once == stands(vendor, [*several, *last]), case.stem


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_tells_something(source: str) -> None:
    cases = [case for case in CASES if case.parent.name == source]
    told = [stands(source, SOURCES[source].split(case.read_bytes())) for case in cases]
    assert any(claims for claims, _ in told)


def tag(segment: str, day: str) -> bytes:
    """Return a row of the TagTool, of one customer."""
    return msgspec.json.encode(
        {"customer_id": "77", "segment": segment, "tagged_at": day, "method": "golden_questions"}
    )


def test_the_newer_statement_stands_whichever_comes_last() -> None:
    older, newer = tag("Essence", "2026-01-15"), tag("Release", "2026-03-15")
    _, stated = stands("tagtool", [newer])
    assert stated
    assert stated != stands("tagtool", [older])[1]
    assert stated == stands("tagtool", [older, newer])[1]
    assert stated == stands("tagtool", [newer, older])[1]
