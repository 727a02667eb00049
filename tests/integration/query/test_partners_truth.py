"""Cross-use and benchmarks are what plain Python counts of the same network.

Of cross-use every number that is shown is compared, and what may be shown at all; of benchmarks
one's own figure, the middle, the quarters and the quarter that one is in.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import floor, log10
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from services.aggregate import refresh
from services.query.disclosure.model import Rule, Rules
from services.query.periods import parse
from services.query.question import Published
from services.query.tokens import Asker
from tests.integration.query.test_beside_truth import NOW, System
from tests.support.beside.network import Network
from tests.support.beside.truth import Row
from tests.support.engine import database
from tests.support.oracle import days_of

pytestmark = pytest.mark.engine

PERIODS = ("2025", "2026", "2026-01", "season-2025")
AGREED = frozenset(f"hus-{n:02d}" for n in range(0, 24, 2))
K = 5
#: Of each measure what is added, and by what it is divided, in the words of the truth.
MEASURES = {
    "unique_customers": (("customers",), None),
    "tickets": (("tickets",), None),
    "net_revenue": (("net_revenue",), None),
    "gross_revenue": (("net_revenue", "refunded_revenue"), None),
    "fees": (("fees",), None),
    "average_ticket_price": (("ticket_revenue",), "paid_tickets"),
    "average_order_value": (("net_revenue",), "orders"),
    "party_size": (("tickets",), "ticket_orders"),
}


def _visits(client: Client) -> None:
    refresh.run_pass(client, NOW.date(), refresh.PERSONS)


@pytest.fixture(scope="module")
def system(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with database(engine) as url:
        folder = tmp_path_factory.mktemp("partners")
        rules = Rules(off=frozenset({Rule.SOLVER}))
        found = System(url, folder, rules, agreed=AGREED, derive=_visits)
        yield found
        found.pool.close()


def who(house: str) -> Asker:
    return Asker("organisation", house, "a test")


def bought(network: Network, period: str) -> dict[str, set[int]]:
    """Return by house the persons who bought anything in *period*."""
    first, last = days_of(period)
    found: dict[str, set[int]] = defaultdict(set)
    for row in network.rows:
        if row["kind"] == "sale" and row["person"] is not None and first <= row["day"] <= last:
            found[row["organisation"]].add(row["person"])
    return found


@pytest.mark.parametrize("period", PERIODS)
def test_cross_use_is_true(system: System, period: str) -> None:
    persons = bought(system.network, period)
    everybody = len(set().union(*persons.values()))
    whole = system.ask(Published("unique_customers", "network", parse(period)))["cells"][0]
    # no lift tells of a network whose persons are withheld
    counted = whole["value"] is not None
    assert everybody == whole["value"] if counted else period != "season-2025"
    houses = {house.id: house for house in system.network.houses}
    partners = groups = 0
    for house, mine in persons.items():
        told = system.beside.shared(period, who(house))
        assert len(mine) == told["customers"]
        named = {one["name"] for one in told["cells"] if one["kind"] == "organisation"}
        # nobody is named who did not agree, or to whom one did not
        assert named <= (AGREED - {house} if house in AGREED else set())
        for one in told["cells"]:
            members = [other for other in persons if _is_in(houses, house, other, one)]
            theirs = set().union(*(persons[m] for m in members))
            shared = len(mine & theirs)
            if one["kind"] == "organisation":
                safe = min(shared, len(mine) - shared, len(theirs) - shared) >= K
                assert (shared if safe else None) == one["shared"]
                if safe:
                    lift = shared * everybody / (len(mine) * len(theirs)) if counted else None
                    assert lift == (lift and pytest.approx(one["lift"], abs=0.0051))
                    assert counted == (one["lift"] is not None)
                    assert shared / len(theirs) == pytest.approx(one["share_of_theirs"], abs=0.0051)
                    partners += 1
            elif one["shared"] is not None:
                assert shared == one["shared"], (house, one)
                assert min(shared, len(mine) - shared) >= K
                groups += 1
            if one["shared"] is not None:
                assert shared / len(mine) == pytest.approx(one["share_of_own"], abs=0.0051)
    print(f"\n{period}: {partners} partners, {groups} groups")
    assert partners > 60
    assert groups > 40


def _is_in(houses: Mapping[str, Any], house: str, other: str, one: Mapping[str, Any]) -> bool:
    """Tell whether *other* is among those that *one* speaks of to *house*."""
    if other == house:
        return False
    both = {house, other} <= AGREED
    held: dict[str, bool] = {
        "organisation": other == one["name"],
        "others": not both,
        "industry": houses[other].industry == one["name"],
        "region": houses[other].city[:2] == one["name"],
    }
    return held[one["kind"]]


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("peers", ["network", "industry"])
def test_a_benchmark_is_true(system: System, period: str, peers: str) -> None:
    rows = system.truth.rows(period)
    industries = {house.id: house.industry for house in system.network.houses}
    seen = 0
    for measure in MEASURES:
        for house, industry in industries.items():
            told = system.beside.compared(measure, peers, period, who(house))
            values = {
                name: value
                for name in industries
                if (peers == "network" or industries[name] == industry)
                and (value := _value(measure, rows.get((f"organisation:{name}", ()), {})))
                is not None
            }
            assert len(values) == told["organisations"]
            own = values.get(house)
            assert (None if own is None else pytest.approx(float(own))) == told["own"]
            ordered = sorted(values.values())
            assert len(ordered) >= 10
            low, middle, high = (_around(ordered, place) for place in (0.25, 0.5, 0.75))
            assert [low, high] == told["quartiles"]
            assert middle == told["median"]
            band = None if own is None else 1 + sum(own >= x for x in (low, middle, high))
            assert band == told["rank_band"]
            seen += 1
    assert len(MEASURES) * len(industries) == seen


def _value(measure: str, row: Row) -> Fraction | None:
    """Return a house's own figure; None: fewer than k persons are behind it, or it is undefined."""
    names, per = MEASURES[measure]
    if row.get("persons", 0) < K:
        return None
    total = Fraction(sum(row[name] for name in names))
    return total if per is None else total / row[per] if row[per] > 0 else None


def _around(ordered: list[Fraction], place: float) -> float:
    """Return the mean of the three nearest to a place, to three digits: it is nobody's."""
    at = min(max(round(place * (len(ordered) - 1)), 1), len(ordered) - 2)
    mean = sum(ordered[at - 1 : at + 2], Fraction(0)) / 3
    if not mean:
        return 0.0
    unit = Fraction(10) ** (floor(log10(abs(mean))) - 2)
    return float(round(mean / unit) * unit)
