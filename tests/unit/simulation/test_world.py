"""The world: the same for the same seed, with everything in it that is hard."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from simulation.houses import HOUSES
from simulation.orders import Document
from simulation.plan import Delivery, Plan
from simulation.vendors import VENDORS
from simulation.world import Told, World

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def told(seed: int, count: int) -> list[Told]:
    return list(World(seed, UNTIL, people=2_000).season(count))


@pytest.fixture(scope="module")
def season() -> list[Told]:
    return told(1, 20_000)


@pytest.fixture(scope="module")
def deliveries(season: list[Told]) -> list[Delivery]:
    return list(Plan(1).deliveries(season))


def test_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert told(7, 400) == told(7, 400)
    assert told(7, 400) != told(8, 400)


def test_delivers_the_same_in_the_same_order(season: list[Told]) -> None:
    assert list(Plan(3).deliveries(season[:900])) == list(Plan(3).deliveries(season[:900]))


def test_has_as_many_orders_as_were_asked_for_in_the_order_of_time(season: list[Told]) -> None:
    times = [one.order.sold_at for one in season]
    assert 20_000 == len(times)
    assert sorted(times) == times
    assert UNTIL > times[-1]
    assert timedelta(days=500) < times[-1] - times[0]


def test_every_organisation_sells_through_each_of_its_systems(season: list[Told]) -> None:
    feeds = {(one.order.house.id, one.order.vendor) for one in season}
    assert {(house.id, vendor) for house in HOUSES for vendor in house.feeds} == feeds
    assert 30 == len(HOUSES)


def test_people_buy_at_several_organisations(season: list[Told]) -> None:
    houses: dict[int, set[str]] = {}
    for one in season:
        if one.order.account:
            houses.setdefault(one.order.account.person, set()).add(one.order.house.id)
    assert 500 < sum(len(at) > 1 for at in houses.values())


def test_the_evening_sells_more_than_the_night_and_summer_less_than_winter(
    season: list[Told],
) -> None:
    hours = Counter((one.order.sold_at.hour + 2) % 24 for one in season)
    assert 5 * hours[4] < hours[20]
    theatre = Counter(
        one.order.sold_at.month for one in season if one.order.house.industry == "scenekunst"
    )
    assert 3 * theatre[7] < theatre[10]


def versions(season: list[Told]) -> dict[tuple[str, str, str], list[Document]]:
    found: dict[tuple[str, str, str], list[Document]] = {}
    for one in season:
        for document in one.documents:
            found.setdefault(document.key, []).append(document)
    return found


def test_versions_drop_lines_and_move_them_and_their_orders_to_other_days(
    season: list[Told],
) -> None:
    traps: Counter[str] = Counter()
    for old, new in (pair for many in versions(season).values() for pair in pairwise(many)):
        before = {(line.line, line.kind): line for line in old.lines}
        after = {(line.line, line.kind): line for line in new.lines}
        both = [(before[key], after[key]) for key in before.keys() & after.keys()]
        traps["newer"] += 1
        traps["dropped"] += bool(before.keys() - after.keys())
        traps["emptied"] += not new.lines
        traps["order moved"] += old.sold_at != new.sold_at
        traps["line moved"] += any(a.at != b.at for a, b in both)
        traps["recounted"] += any(a.quantity != b.quantity for a, b in both)
        traps["renamed"] += any(a.ticket_type != b.ticket_type for a, b in both)
        traps["claimed"] += old.account is None and new.account is not None
    least = dict.fromkeys(traps, 15) | {"newer": 500}
    assert {name: max(count, least[name]) for name, count in traps.items()} == traps


def test_everything_that_counts_otherwise_is_sold_and_given_back(season: list[Told]) -> None:
    standing = [many[-1] for many in versions(season).values()]
    lines = [(document, line) for document in standing for line in document.lines]
    found = Counter((line.kind, line.item) for _, line in lines)
    for item in ("gift_card", "donation", "season_pass", "season_pass_use", "food", "merchandise"):
        assert 50 < found["sale", item], item
    assert 800 < found["refund", "ticket"]
    price = [line.amount_minor - line.discount_minor for _, line in lines]
    assert 1_000 < sum(paid == 0 for paid in price)
    assert 100 < sum(bool(line.discount_minor) for _, line in lines)
    assert 100 < sum(bool(line.amount_minor % line.quantity) for _, line in lines)
    assert 100 < sum(bool(line.fee_minor) and line.kind == "refund" for _, line in lines)
    assert 100 < sum(line.undated for _, line in lines)
    assert 100 < sum(document.transaction.count("-K") for document in standing)
    assert {"NOK", "DKK", "EUR"} == {document.currency for document in standing}
    assert 300 < sum(document.sold_is_date for document in standing)
    assert 3_000 < sum(document.account is None for document in standing)
    without = [d.account for d in standing if d.account and d.account.consent is False]
    assert 50 < len(without)
    assert all(account.record is None for account in without)


def test_no_number_is_negative_and_no_discount_above_its_amount(season: list[Told]) -> None:
    for many in versions(season).values():
        for line in many[-1].lines:
            assert line.quantity > 0
            assert 0 <= line.discount_minor <= line.amount_minor
            assert 0 <= line.fee_minor


def test_two_systems_of_one_house_use_the_same_numbers(season: list[Told]) -> None:
    numbers = {
        vendor: {one.order.number for one in season if one.order.vendor == vendor}
        for vendor in VENDORS
    }
    assert numbers["tixly"] & numbers["homemade"]


def test_deliveries_are_repeated_and_come_late(deliveries: list[Delivery]) -> None:
    assert 2_000 < sum(d.repeat for d in deliveries)
    assert 200 < sum(d.stale and not d.repeat for d in deliveries)
    assert 20 < sum(d.stale and d.repeat for d in deliveries)


def test_everything_is_delivered(season: list[Told], deliveries: list[Delivery]) -> None:
    first = [d.document for d in deliveries if not d.repeat]
    assert sum(len(one.documents) + len(one.contacts) for one in season) == len(first)


def test_where_no_version_is_marked_the_last_delivery_is_of_what_stands(
    season: list[Told], deliveries: list[Delivery]
) -> None:
    last: dict[tuple[str, str, str], Document] = {}
    order: dict[tuple[str, str, str], list[Document]] = {}
    for delivery in deliveries:
        document = delivery.document
        if isinstance(document, Document) and document.version is None:
            last[document.key] = document
            order.setdefault(document.key, []).append(document)
    known = {key: many for key, many in versions(season).items() if many[0].version is None}
    assert {key: many[-1] for key, many in known.items()} == last
    # and no repeat is of an older one
    for key, many in known.items():
        places = [many.index(document) for document in order[key]]
        assert sorted(places) == places


def test_a_version_stands_once_in_a_transaction(season: list[Told]) -> None:
    for many in versions(season).values():
        marked = [document.version for document in many if document.version is not None]
        assert sorted(set(marked)) == marked
