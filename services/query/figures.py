"""Figures: which sums a question needs, which table has them, and the cells they make."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.breakdowns import UNKNOWN
from kudos.ledger import watermarks
from kudos.sums import SUMS
from services.query.answer import Answer, Cell, Point
from services.query.customers import PERSON_SUMS
from services.query.measure import Measure
from services.query.measures import MEASURES
from services.query.periods import FIRST
from services.query.persons import asks_history, by_day, of_period
from services.query.problems import Refused
from services.query.question import Question
from services.query.statements import from_days, from_facts
from services.query.vocabulary import VOCABULARY

#: More cells are no figure but a copy.
MOST_CELLS = 20_000
#: Each year is its own partition and a row's day tells which: so FINAL merges within them.
SETTINGS = {"do_not_merge_across_partitions_select_final": 1, "max_execution_time": 20}

Family = Literal["facts", "kpi_daily", "visits"]
Sums = Mapping[str, int]
#: The sums of each (values of the breakdown…, currency); over all currencies it is ''.
Rows = Mapping[tuple[str, ...], Sums]
CurrencyOf = Callable[[str], str]  # the register's, of an organisation


class Stretch(Struct, frozen=True):
    """What one reading of a table answers: one organisation's days, told apart by *by*."""

    organisation: str
    begins: date
    ends: date
    by: tuple[str, ...]
    family: Family


class Need(Struct):
    """The sums that a stretch is read for, over all currencies and by currency."""

    totals: set[str]
    currencies: set[str]


def measure_of(question: Question) -> Measure:
    """Return what is counted for *question*."""
    return MEASURES[question.measure].counted(question.by)


def family_of(question: Question) -> Family:
    """Return which table answers.

    ``visits`` for customers, also where facts and links do: it is never ahead of them.
    ``kpi_daily`` for days that add up, or that stand alone.
    """
    names = MEASURES[question.measure].sums
    if names <= PERSON_SUMS.keys():
        return "visits"
    sums = [SUMS[name] for name in names]
    alone = question.period.begins == question.period.ends
    daily = not question.by and all(s.daily and (alone or s.adds_up) for s in sums)
    return "kpi_daily" if daily else "facts"


def stretch_of(question: Question) -> Stretch:
    """Return what has to be read for *question*."""
    period = question.period
    return Stretch(
        question.organisation, period.begins, period.ends, question.by, family_of(question)
    )


def needs_of(questions: Iterable[Question]) -> dict[Stretch, Need]:
    """Return what has to be read for *questions*, each stretch once, coverage included."""
    needs: defaultdict[Stretch, Need] = defaultdict(lambda: Need(set(), set()))
    for question in questions:
        measure, need = measure_of(question), needs[stretch_of(question)]
        (need.currencies if measure.money else need.totals).update(measure.sums)
        needs[_coverage_of(question)].totals.update(MEASURES["coverage"].sums)
    return dict(needs)


def _coverage_of(question: Question) -> Stretch:
    period = question.period
    return Stretch(question.organisation, period.begins, period.ends, (), "kpi_daily")


def ask_many(
    client: Client, questions: Sequence[Question], currency_of: CurrencyOf
) -> list[Answer]:
    """Answer each of *questions*, in order; what they share is read once.

    Raise Refused where there would be more than ``MOST_CELLS``.
    """
    known = watermarks(client)  # before the figures, which may then be newer and never older
    rows = {stretch: _read(client, stretch, need) for stretch, need in needs_of(questions).items()}
    return [
        answer(
            question,
            rows[stretch_of(question)],
            coverage=rows[_coverage_of(question)],
            as_of=known.get(family_of(question)),
            currency=currency_of(question.organisation),
        )
        for question in questions
    ]


def ask(client: Client, question: Question, currency_of: CurrencyOf) -> Answer:
    """Answer *question*; errors as of ``ask_many``."""
    return ask_many(client, [question], currency_of)[0]


def answer(
    question: Question, rows: Rows, *, coverage: Rows, as_of: datetime | None, currency: str
) -> Answer:
    """Return the answer that *rows* give; *currency* is what nothing was sold in."""
    measure = measure_of(question)
    nothing: Sums = defaultdict(int)
    known = MEASURES["coverage"].value(coverage.get(("",), nothing))
    return Answer(
        definition=f"{measure.id}@{measure.version}",
        scope=f"organisation:{question.organisation}",
        period=question.period,
        as_of=as_of,
        organisations=1,
        coverage=known,
        unit=measure.unit,
        kind="live",
        cells=tuple(_cells(measure, question.by, rows, currency)),
    )


def _cells(measure: Measure, by: tuple[str, ...], rows: Rows, currency: str) -> Iterator[Cell]:
    found = {where: sums for where, sums in rows.items() if (where[-1] != "") == measure.money}
    if not found and not by:
        found = {(currency if measure.money else "",): defaultdict(int)}
    for where in sorted(found, key=order(by)):
        value = measure.value(found[where])
        yield Cell(
            by=dict(zip(by, where, strict=False)),
            value=value,
            currency=where[-1] or None,
            why="undefined" if value is None else None,
        )


def order(by: tuple[str, ...]) -> Callable[[tuple[str, ...]], Any]:
    """Return what cells are sorted by: values as they are declared, what is unknown last."""
    places = [{v: n for n, v in enumerate(VOCABULARY[name].values)} for name in by]

    def key(where: tuple[str, ...]) -> Any:
        values = zip(places, where, strict=False)
        return [(v == UNKNOWN, at.get(v, len(at)), v) for at, v in values], where[-1]

    return key


def _read(client: Client, stretch: Stretch, need: Need) -> Rows:
    history = stretch.family == "visits" and asks_history(need.totals)
    asked = _days(stretch.organisation, stretch.begins, stretch.ends, history=history)
    rows: dict[tuple[str, ...], Sums] = {}
    for sql, sums, many in _statements(stretch, need):
        found = client.query(sql, parameters=asked, settings=SETTINGS).result_rows
        if len(found) > MOST_CELLS:
            raise Refused(422, "There would be too many cells: ask for a shorter period, or less.")
        for row in found:
            rows[tuple(map(str, row[:many]))] = dict(zip(sums, map(int, row[many:]), strict=True))
    return rows


def _statements(stretch: Stretch, need: Need) -> Iterator[tuple[str, list[str], int]]:
    """Yield statements, the sums in each one's rows, and how many values come before these."""
    if stretch.family == "visits":
        sums = sorted(need.totals)
        yield of_period(sums, stretch.by, most=MOST_CELLS + 1), sums, len(stretch.by) + 1
        return
    if stretch.family == "facts":
        sums = sorted(need.totals | need.currencies)
        sql = from_facts(
            sums,
            stretch.by,
            totals=bool(need.totals),
            currencies=bool(need.currencies),
            most=MOST_CELLS + 1,
        )
        yield sql, sums, len(stretch.by) + 1
        return
    for names, currencies in ((need.totals, False), (need.currencies, True)):
        if names:
            yield from_days(sorted(names), currencies=currencies), sorted(names), 1


def curve(client: Client, organisation: str, measure: str, begins: date, ends: date) -> list[Point]:
    """Return *measure* day by day; days without a point had nothing at all."""
    asked = MEASURES[measure]
    sums, money = sorted(asked.sums), asked.money
    history = False
    if asked.sums <= PERSON_SUMS.keys():
        sql, history = by_day(sums), asks_history(sums)
    elif all(SUMS[name].daily for name in sums):
        sql = from_days(sums, currencies=money, by_day=True)
    else:
        sql = from_facts(sums, (), totals=not money, currencies=money, most=MOST_CELLS, by_day=True)
    rows = client.query(
        sql, parameters=_days(organisation, begins, ends, history=history), settings=SETTINGS
    ).result_rows
    return [
        Point(day, asked.value(dict(zip(sums, map(int, found), strict=True))), currency or None)
        for day, currency, *found in sorted(rows, key=lambda row: tuple(row[:2]))
    ]


def _days(organisation: str, begins: date, ends: date, *, history: bool) -> dict[str, object]:
    """Return the parameters of a statement; of one with *history*, all that was before counts."""
    since = FIRST if history else begins
    return {"organisation": organisation, "begins": begins, "ends": ends, "since": since}
