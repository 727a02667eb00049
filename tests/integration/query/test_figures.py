"""Every measure, by every kind of period and breakdown, is what plain Python says."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from clickhouse_connect.driver.client import Client

from kudos.breakdowns import BREAKDOWNS
from kudos.clickhouse import connect
from kudos.sums import SUMS, Sum
from services.aggregate import refresh, store
from services.aggregate.facts import fact_of
from services.query import figures, rendering
from services.query.answer import Answer
from services.query.figures import family_of
from services.query.measure import Measure, Total
from services.query.measures import MEASURES
from services.query.openapi import document
from services.query.periods import parse
from services.query.problems import Refused
from services.query.question import Period, Question
from services.query.statements import LINES
from tests.support.customers import CUSTOMERS, days_of, expected_of, spread, write_links
from tests.support.engine import database
from tests.support.house import (
    DAYS,
    HOUSE,
    MONEY,
    OTHER,
    Cells,
    Sold,
    World,
    expected,
    older,
    world,
)

pytestmark = pytest.mark.engine

CURRENCY = "NOK"
#: Of each kind: busy ones, a changeover night, the turn of a year, 29 February, and empty ones.
PERIODS = (
    *("2023-10-29", "2024-03-31", "2024-02-29", "2024-01-01", "2021-05-05"),
    *("2023-W52", "2024-W01", "2023-W43", "2020-W53"),
    *("2023-10", "2024-02", "2024-07", "2022-02"),
    *("2023-Q4", "2024-Q1", "2024-Q3", "2022-Q2"),
    *("2023", "2024", "1999"),
    *("season-2023", "season-2024", "season-1990"),
    *("rolling-7@2024-01-02", "rolling-28@2024-01-02", "rolling-90@2024-03-31"),
    *("rolling-365@2024-08-02", "rolling-7@2010-01-01"),
    *("2023-10-29..2024-07-31", "2024-07-31..2024-08-01", "2000-01-01..2000-02-01"),
)


@pytest.fixture(scope="module", params=[25, 37])
def sold(request: pytest.FixtureRequest) -> World:
    return world(request.param)


@pytest.fixture(scope="module")
def client(engine: str, sold: World) -> Iterator[Client]:
    with database(engine) as url, connect(url) as client:
        rng = random.Random(7)
        before = [older(rng, t) for t in sold.transactions if rng.random() < 0.5]
        write_links(client)
        # what a newer version replaced is still there until the engine has merged
        for sent in (before, sold.transactions):
            store.write(client, [fact_of(t) for t in sent])
            for tables in (refresh.LIVE, refresh.PERSONS):
                refresh.run_pass(client, date(2026, 1, 1), tables)
        yield client


def lines_of(sold: World, period: Period, organisation: str = HOUSE) -> list[Sold]:
    """Return the lines of a house in a period."""
    return [
        line
        for line in sold.lines
        if line.organisation == organisation and period.begins <= line.day <= period.ends
    ]


def before(sold: World, period: Period) -> list[Sold]:
    """Return what the house had sold before a period."""
    return [s for s in sold.lines if s.organisation == HOUSE and s.day < period.begins]


def asked(client: Client, period: str, by: tuple[str, ...] = ()) -> dict[str, Answer]:
    """Return the answers of every measure."""
    questions = [Question(m, HOUSE, parse(period), by) for m in MEASURES]
    found = figures.ask_many(client, questions, lambda _: CURRENCY)
    return dict(zip(MEASURES, found, strict=True))


def cells(answer: Answer, by: tuple[str, ...]) -> Cells:
    """Return the cells in the form of what is expected, and look at what else is on them."""
    found: Cells = {}
    for cell in answer.cells:
        assert set(by) == cell.by.keys()
        assert ("undefined" if cell.value is None else None) == cell.why
        assert (cell.currency is not None) == (answer.definition.partition("@")[0] in MONEY)
        where = (*(cell.by[name] for name in by), cell.currency or "")
        assert where not in found
        found[where] = cell.value
    return found


def compare(client: Client, sold: World, period: str, by: tuple[str, ...] = ()) -> int:
    """Compare every measure, and return the number of cells."""
    held, compared = lines_of(sold, parse(period)), 0
    for measure, answer in asked(client, period, by).items():
        earlier = before(sold, parse(period))
        true = expected_of(held, earlier, measure, by, CURRENCY)
        assert true == cells(answer, by), (measure, period, by)
        assert expected(held, "coverage", (), CURRENCY)["",] == answer.coverage
        compared += len(true)
    return compared


@pytest.mark.parametrize("period", PERIODS)
def test_every_measure_in_every_kind_of_period(client: Client, sold: World, period: str) -> None:
    assert compare(client, sold, period) >= len(MEASURES)


@pytest.mark.parametrize("by", BREAKDOWNS)
@pytest.mark.parametrize("period", ["2024-03-31", "2023-W52", "season-2023"])
def test_every_measure_by_every_breakdown(
    client: Client, sold: World, period: str, by: str
) -> None:
    assert compare(client, sold, period, (by,)) > 0


@pytest.mark.parametrize("by", [*permutations(BREAKDOWNS, 2)], ids="-".join)
def test_every_measure_by_two_breakdowns(client: Client, sold: World, by: tuple[str, str]) -> None:
    assert compare(client, sold, "2023-10-29..2024-08-02", by) > 100


@pytest.mark.parametrize(
    "by", [("order_days",), ("channel", "order_days"), ("order_days", "production")], ids="-".join
)
@pytest.mark.parametrize("period", ["2024-03-31", "season-2023", "2023-10-29..2024-08-02", "1999"])
def test_how_many_came_how_often(
    client: Client, sold: World, period: str, by: tuple[str, ...]
) -> None:
    question = Question("visit_frequency", HOUSE, parse(period), by)
    answer = figures.ask(client, question, lambda _: CURRENCY)
    assert spread(lines_of(sold, parse(period)), by) == cells(answer, by)
    assert "persons" == answer.unit
    if len(by) == 1:
        steps = [cell.by["order_days"] for cell in answer.cells]
        assert ["1", "2", "3", "4", "5+"][: len(steps)] == steps
    assert "integer" == rendering.figure_table(answer, by).columns["value"]


@pytest.mark.parametrize("by", BREAKDOWNS)
def test_nothing_sold_is_no_cell_of_a_breakdown(client: Client, by: str) -> None:
    assert {()} == {answer.cells for answer in asked(client, "1999", (by,)).values()}


def test_the_sales_are_as_awkward_as_they_should_be(sold: World) -> None:
    """So that no test above is green because there was nothing to get wrong."""
    own = [line for line in sold.lines if line.organisation == HOUSE]
    days: dict[str, set[date]] = {}
    for line in own:
        if line.line.kind == "sale":
            days.setdefault(line.order, set()).add(line.day)
    assert any(len(found) > 1 for found in days.values())
    assert {"NOK", "SEK", "ISK", "KWD"} == {line.currency for line in own}
    assert any(line.line.at is None for line in own)
    assert any(line.line.at_is_date for line in own)
    assert any(line.record is None for line in own)
    assert any(line.at.astimezone(UTC).date() != line.day for line in own)
    assert any(line.organisation == OTHER for line in sold.lines)
    assert {line.line.kind for line in own} == {"sale", "refund"}
    assert all(any(line.day == day for line in own) for day in DAYS)
    bought = days_of(own)
    gaps = {(b - a).days for found in bought.values() for a, b in pairwise(sorted(found))}
    assert {364, 365, 366} <= gaps
    steps = {
        len(found) for found in days_of(lines_of(sold, parse("2023-10-29..2024-08-02"))).values()
    }
    assert {1, 2, 3, 4, 5} <= steps
    assert len(bought) < len({line.record for line in own}) - 5


def test_one_question_is_answered_as_among_many(client: Client) -> None:
    many = asked(client, "2024-Q1")
    for measure in MEASURES:
        question = Question(measure, HOUSE, parse("2024-Q1"))
        assert many[measure] == figures.ask(client, question, lambda _: CURRENCY)


def test_a_curve_is_the_figure_of_each_day(client: Client, sold: World) -> None:
    begins, ends = DAYS[0], DAYS[-1]
    for measure in MEASURES:
        true = {
            (day, where[-1] or None): value
            for day in sorted({line.day for line in sold.lines if line.organisation == HOUSE})
            for where, value in expected_of(
                lines_of(sold, parse(str(day))),
                before(sold, parse(str(day))),
                measure,
                (),
                CURRENCY,
            ).items()
            # a day without customers has no point of theirs
            if measure not in CUSTOMERS or days_of(lines_of(sold, parse(str(day))))
        }
        points = figures.curve(client, HOUSE, measure, begins, ends)
        assert sorted(true) == sorted((p.day, p.currency) for p in points), measure
        assert true == {(p.day, p.currency): p.value for p in points}
        assert [p.day for p in points] == sorted(p.day for p in points)


def test_an_answer_is_as_old_as_the_table_that_gave_it(client: Client) -> None:
    at = datetime(2026, 5, 20, 12, tzinfo=UTC)
    later = at + timedelta(seconds=7)
    last = later + timedelta(seconds=7)
    rows = [
        ("facts", at, at),
        ("kpi_daily", later, at),
        ("kpi_daily", at, at),
        ("visits", last, at),
    ]
    client.insert("watermarks", rows, column_names=["family", "watermark", "noted_at"])
    answers = asked(client, "2024")
    told = {measure: answer.as_of for measure, answer in answers.items()}
    for measure in MEASURES:
        family = family_of(Question(measure, HOUSE, parse("2024")))
        assert {"facts": at, "kpi_daily": later, "visits": last}[family] == told[measure], measure
    assert {at, later, last} == set(told.values())
    for by, of_lines in ((("channel",), at), ((), later)):
        for measure, answer in asked(client, "2024-03-31", by).items():
            assert (last if measure in CUSTOMERS else of_lines) == answer.as_of


def test_a_measure_is_added_by_one_entry(
    client: Client, sold: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CONTRIBUTING walks through it: fees as a share of net revenue."""
    words = {"nb": "Gebyrandel", "en": "Fee share"}
    fee_share = Measure(
        id="fee_share",
        unit="share",
        name=words,
        definition=words,
        total=Total(("fees",)),
        per=Total(("net_revenue",)),
        money=True,
    )
    monkeypatch.setitem(MEASURES, "fee_share", fee_share)
    for period in ("2024-03-31", "season-2023"):
        held = lines_of(sold, parse(period))
        fees, revenue = (expected(held, m, (), CURRENCY) for m in ("fees", "net_revenue"))
        true = {
            where: (fees[where] or 0) / net if net and net > 0 else None
            for where, net in revenue.items()
        }
        answer = asked(client, period)["fee_share"]
        assert true == {(cell.currency,): cell.value for cell in answer.cells}
        assert ("fee_share@1", "share") == (answer.definition, answer.unit)
    points = figures.curve(client, HOUSE, "fee_share", DAYS[0], DAYS[-1])
    assert any(point.value for point in points)
    assert "fee_share" in [entry["id"] for entry in rendering.measures()]
    parameters = document.__wrapped__()["paths"]["/v1/figures"]["get"]["parameters"]
    assert "fee_share" in parameters[0]["schema"]["enum"]
    assert "number" == rendering.figure_table(answer, ()).columns["value"]


def test_a_measure_of_a_sum_that_no_day_has(
    client: Client, sold: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = "sumIf(quantity, sale AND ticket AND price = 0)"
    words = {"nb": "Fribilletter", "en": "Free tickets"}
    measure = Measure("free", "tickets", words, words, Total(("free",)))
    monkeypatch.setitem(SUMS, "free", Sum(free, daily=False))
    monkeypatch.setitem(MEASURES, "free", measure)

    def true(period: str) -> int:
        lines = [s for s in lines_of(sold, parse(period)) if s.price == 0]
        return int(expected(lines, "tickets", (), CURRENCY)["",] or 0)

    for period in ("2024-03-31", "season-2023", "1999"):
        [cell] = asked(client, period)["free"].cells
        assert true(period) == cell.value
    points = figures.curve(client, HOUSE, "free", DAYS[0], DAYS[-1])
    assert [(day, true(str(day))) for day in DAYS] == [(p.day, p.value) for p in points]


def test_too_many_cells_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_CELLS", 3)
    with pytest.raises(Refused, match="too many cells"):
        asked(client, "season-2023", ("channel",))


def test_no_statement_names_what_was_sold() -> None:
    assert "{organisation:String}" in LINES
    assert HOUSE not in LINES
