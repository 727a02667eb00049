"""Every fixture, three times and in any order, with versions swapped: the same facts.

As it goes in truth: read and stamped by ingest, pseudonymised by identity, put on its days by
aggregate.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest

from kudos import avro
from kudos.records import ReceivedTransaction
from services.ingest.adapters import ADAPTERS
from tests.support.origin import NOW
from tests.support.standing import facts, taken

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(p for p in FIXTURES.glob("*/*") if ".expected" not in p.name)


def units(vendor: str, record: bytes) -> dict[str, int | None]:
    """Return the transactions in *record* with the versions that the vendor marks."""
    messages = taken(vendor, record, NOW)
    sold = [avro.decode(message.value or b"", ReceivedTransaction) for message in messages]
    return {one.transaction.transaction: one.transaction.version for one in sold}


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


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_many_orders_give_the_same_facts(case: Path) -> None:
    vendor = case.parent.name
    records = ADAPTERS[vendor].split(case.read_bytes())
    once = facts(vendor, records)
    for seed in range(20):
        assert once == facts(vendor, shuffled(vendor, records, Random(seed)))


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
