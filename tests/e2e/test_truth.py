"""Every figure of every organisation is what another way of counting says, to the øre.

Twenty thousand simulated orders went in with repeats, older versions after newer ones, refunds and
corrections. The other way is DuckDB over what the simulation knows to be true, in
tests.support.oracle, which shares no code and no SQL with the product.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial

import pytest

from simulation.houses import HOUSES
from tests.support.oracle import BREAKDOWNS, MEASURES, MONEY, Oracle
from tests.support.season import Season

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

Values = dict[tuple[str | None, ...], int | float | None]
Asked = tuple[str, tuple[str, ...]]  # period, by

#: Fewer would prove little of 20,000 orders.
LEAST_CELLS = 40_000
LEAST_REPEATS = 1_000
LEAST_STALE = 200
_PAIRS = (("channel", "ticket_type"), ("production", "price_band"), ("lead_time", "weekday_hour"))


@pytest.fixture(scope="module")
def oracle(season: Season) -> Oracle:
    return Oracle(season.lines)


def periods(days: list[date]) -> dict[str, list[str]]:
    """Return periods of every kind that *days* reach into: busy ones, the last, and changeovers."""
    last, middle = days[-1], days[len(days) // 2]
    some = [middle, last]
    changeovers = [date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)]
    return {
        "day": [str(d) for d in (*some, *changeovers)],
        "week": [f"{d.isocalendar().year}-W{d.isocalendar().week:02d}" for d in some],
        "month": [f"{d:%Y-%m}" for d in some],
        "quarter": [f"{d.year}-Q{(d.month + 2) // 3}" for d in some],
        "year": [str(last.year), str(last.year - 1)],
        "season": [f"season-{last.year - 1}"],
        "rolling": [f"rolling-{window}@{last}" for window in (7, 28, 90, 365)],
        "range": [f"{middle - timedelta(days=11)}..{middle + timedelta(days=40)}"],
    }


def questions(days: list[date]) -> Iterator[Asked]:
    """Yield each period in all; of each kind the first by each breakdown; all days by pairs."""
    for many in periods(days).values():
        yield from ((period, ()) for period in many)
        yield from ((many[0], (by,)) for by in BREAKDOWNS)
    yield from ((f"{days[0]}..{days[-1]}", pair) for pair in _PAIRS)


def standing(cells: Values) -> Values:
    """Return *cells* without those that say that there is nothing."""
    return {where: value for where, value in cells.items() if value}


def answered(season: Season, asked: Asked, of: tuple[str, str]) -> Values:
    """Return the cells that an organisation is answered, in the oracle's form."""
    (period, by), (organisation, measure) = asked, of
    cells = season.system.cells(organisation, measure, period, ",".join(by))
    found: Values = {}
    for cell in cells:
        where = (*(cell["by"][name] for name in by), cell.get("currency"))
        assert where not in found, (of, asked, "a cell stands twice")
        assert (where[-1] is not None) == (measure in MONEY), (of, asked, "currency")
        found[where] = cell["value"]
    return found


def test_the_season_was_delivered_the_hard_way(
    season: Season, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(
            f"\n{season.deliveries:,} deliveries of {season.transactions:,} transactions: "
            f"{season.repeats:,} repeats, {season.stale:,} of an older version"
        )
    assert season.repeats >= LEAST_REPEATS
    assert season.stale >= LEAST_STALE


def test_every_figure_is_true(
    season: Season, oracle: Oracle, capsys: pytest.CaptureFixture[str]
) -> None:
    organisations, compared, wrong = oracle.organisations(), 0, []
    every = [(organisation, measure) for organisation in organisations for measure in MEASURES]
    assert len(organisations) == 30
    with ThreadPoolExecutor(3) as pool:
        for asked in questions(oracle.days()):
            true = oracle.cells(*asked)
            found = pool.map(partial(answered, season, asked), every)
            for of, cells in zip(every, found, strict=True):
                expected = standing(true.get(of, {}))
                compared += max(len(expected), 1)
                if expected != standing(cells):
                    wrong.append((of, asked, expected, cells))
    with capsys.disabled():
        print(f"\ncompared {compared:,} cells of {len(every)} figures: {len(wrong)} wrong")
    assert [] == wrong[:3]
    assert compared >= LEAST_CELLS


def test_nothing_is_undefined_that_is_known(season: Season, oracle: Oracle) -> None:
    """A ratio over nothing is null and says so; over something it never is."""
    days = oracle.days()
    whole = f"{days[0]}..{days[-1]}"
    before = f"{days[0] - timedelta(days=40)}..{days[0] - timedelta(days=20)}"
    for organisation in oracle.organisations()[:5]:
        for measure in ("party_size", "coverage", "average_order_value", "average_ticket_price"):
            assert all(
                cell["value"] is not None
                for cell in season.system.cells(organisation, measure, whole)
            )
            [empty] = season.system.cells(organisation, measure, before)
            assert (None, "undefined") == (empty["value"], empty["why"])
        [nothing] = season.system.cells(organisation, "orders", before)
        assert 0 == nothing["value"]


def test_the_ledger_knows_every_transaction(season: Season) -> None:
    ledger = season.system.ledger()
    rows = [ledger[house.id] for house in HOUSES]
    assert season.transactions == sum(row["accepted"] for row in rows)
    assert season.transactions == sum(row["counted"] for row in rows)
    assert all(row["dead"] == 0 and row["difference"] == 0 for row in rows)
