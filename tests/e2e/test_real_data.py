"""CDNOW's purchases of 1997 and 1998 go in as a file and come out to the cent.

A public research data set (Fader and Hardie): blanks between the columns, a header, no ids, dollars
a row and not a disc. Rows that are alike are purchases of their own, and each counts.
"""

import gzip
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.shared import beside
from tests.support.system import Running

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

HOUSE = "platebutikken"
MAPPING = Path(__file__).parent / "mappings" / "purchase_log.toml"


class Purchases:
    """What the file says, added up in plain Python."""

    def __init__(self, path: Path) -> None:
        rows = [line.split() for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        self.rows = [tuple(row) for row in rows[1:]]
        self.orders: Counter[str] = Counter()
        self.cents: Counter[str] = Counter()
        customers: defaultdict[str, set[str]] = defaultdict(set)
        for number, day, _, dollars in self.rows:
            for period in ("all", f"{day[:4]}-{day[4:6]}"):
                self.orders[period] += 1
                self.cents[period] += int(Decimal(dollars) * 100)
                customers[period].add(number)
        self.customers = {period: len(numbers) for period, numbers in customers.items()}


@pytest.fixture(scope="module")
def purchases() -> Purchases:
    return Purchases(beside("data/oracles/cdnow_master.txt.gz"))


@pytest.fixture(scope="module")
def imported(system: Running, purchases: Purchases) -> Running:
    file = beside("data/oracles/cdnow_master.txt.gz")
    arguments = ("import", "homemade", HOUSE, str(file), "--mapping", str(MAPPING))
    system.kudos(*arguments)
    system.wait_until_counted()
    return system


def figure(system: Running, measure: str, period: str) -> int:
    [cell] = system.cells(HOUSE, measure, period)
    return int(cell["value"])


def test_the_file_is_the_published_one(purchases: Purchases) -> None:
    assert 69_659 == purchases.orders["all"]
    assert 23_570 == purchases.customers["all"]
    alike = [count for count in Counter(purchases.rows).values() if count > 1]
    assert (215, 470) == (len(alike), sum(alike))


def test_every_month_is_right_to_the_cent(imported: Running, purchases: Purchases) -> None:
    periods = {period: period for period in purchases.orders}
    periods["all"] = "1997-01-01..1998-06-30"
    for name, period in periods.items():
        assert purchases.orders[name] == figure(imported, "orders", period), name
        assert purchases.customers[name] == figure(imported, "customer_records", period), name
        for measure in ("gross_revenue", "net_revenue"):
            [cell] = imported.cells(HOUSE, measure, period)
            assert (purchases.cents[name], "USD") == (cell["value"], cell["currency"]), name


def test_importing_it_again_changes_nothing(imported: Running, purchases: Purchases) -> None:
    before = imported.ledger()[HOUSE]
    assert purchases.orders["all"] == before["counted"]
    file = beside("data/oracles/cdnow_master.txt.gz")
    imported.kudos("import", "homemade", HOUSE, str(file), "--mapping", str(MAPPING))
    imported.wait_until_counted()
    assert before == imported.ledger()[HOUSE]
    assert purchases.orders["all"] == figure(imported, "orders", "1997-01-01..1998-06-30")
    printed = json.loads(imported.kudos("ledger", "--json"))
    assert printed["balances"]
