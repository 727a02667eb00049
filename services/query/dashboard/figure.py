"""A figure's own page: its line, what it is made of, what it means, its table and its address."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from services.query.answer import Answer
from services.query.customers import EVERY_BREAKDOWN, ORDER_DAYS
from services.query.dashboard import breakdowns, formats, lines, overview, saying
from services.query.dashboard.lines import Axes
from services.query.dashboard.overview import Amount, Asked
from services.query.dashboard.picture import Picture, both, table
from services.query.dashboard.series import ADDITIVE, Series
from services.query.dashboard.source import Source
from services.query.dashboard.style import Size, Spec
from services.query.dashboard.wording import Texts
from services.query.measure import Measure
from services.query.measures import MEASURES
from services.query.question import Period, Question

FORMATS = (("CSV", "csv"), ("Parquet", "parquet"), ("JSON", "json"))
#: How many days are named below a chart.
_TICKS = 4


class Figure(Struct, frozen=True):
    """What the page shows."""

    measure: str
    name: str
    amounts: tuple[Amount, ...]
    sentence: str
    lines: tuple[Picture, ...]
    parts: tuple[Picture, ...]
    definition: str
    definition_id: str
    coverage: str | None
    beside: str | None  # what the same is by another way of counting
    undefined: bool  # something on the page is
    not_by_day: bool  # it has a value, and no line of days


class Download(Struct, frozen=True):
    """One way to take the numbers away."""

    name: str
    address: str


def first(measure: str) -> str:
    """Return what *measure* is broken down by until something else is asked for: its own steps."""
    return MEASURES[measure].steps or next(iter(EVERY_BREAKDOWN))


def ask_parts(source: Source, organisation: str, measure: str, period: Period, by: str) -> Answer:
    """Ask for *measure* broken down by *by*."""
    return source.ask_many([Question(measure, organisation, period, (by,))])[0]


def ask_beside(source: Source, organisation: str, measure: str, period: Period) -> Answer | None:
    """Ask for customer records beside unique customers, so that over-counting is seen."""
    if measure != "unique_customers":
        return None
    return source.ask_many([Question("customer_records", organisation, period)])[0]


def page(
    texts: Texts,
    currency: str,
    asked: Asked,
    parts: Answer,
    *,
    by: str,
    today: date,
    records: Answer | None = None,
) -> Figure:
    """Return the page of one figure."""
    covered = asked.now.coverage
    line = [value for points in asked.line.lines.values() for _, value in points]
    values = [*line, *(cell.value for cell in (*asked.now.cells, *parts.cells))]
    return Figure(
        measure=asked.measure.id,
        name=saying.name(asked.measure, texts),
        amounts=tuple(overview.amounts(texts, currency, asked, today)),
        sentence=overview.sentence(texts, currency, asked, today),
        lines=tuple(_lines(texts, currency, asked, today)),
        parts=tuple(_parts(texts, currency, asked.measure, parts, by)),
        definition=asked.measure.definition[texts.language],
        definition_id=asked.now.definition,
        coverage=None
        if covered is None
        else texts("figure.coverage", share=formats.percent(covered, texts.language)),
        beside=_beside(texts, asked.now, records),
        undefined=None in values,
        not_by_day=not line and any(cell.value is not None for cell in asked.now.cells),
    )


def _beside(texts: Texts, now: Answer, records: Answer | None) -> str | None:
    """Say how many records there are for the customers; nothing where nobody is known."""
    if records is None or not now.cells[0].value:
        return None
    persons, many = now.cells[0].value, records.cells[0].value or 0
    written = formats.number(many, texts.language)
    each = formats.number(many / persons, texts.language, 2)
    return texts("figure.beside", records=written, each=each)


def downloads(measure: str, organisation: str, period: Period, by: str | None) -> list[Download]:
    """Return the addresses at which the same numbers are to be had as files."""
    broken = f"&by={by}" if by else ""
    question = f"measure={measure}&scope=organisation:{organisation}&period={period.id}{broken}"
    return [Download(name, f"/v1/figures?{question}&format={form}") for name, form in FORMATS]


def _lines(texts: Texts, currency: str, asked: Asked, today: date) -> Iterator[Picture]:
    _, last_year = saying.earlier(texts, asked.period, asked.held, today)
    for cell in overview.in_order(asked.now, currency):
        ours = asked.line.drawn(cell.currency)
        if not any(value is not None for _, value in ours):
            continue
        before = asked.line_before.drawn(cell.currency) if asked.line_before else []
        yield _line(
            texts,
            asked,
            cell.currency,
            ours=ours,
            before=before,
            last_year=last_year,
            today=today,
        )


def _line(
    texts: Texts,
    asked: Asked,
    currency: str | None,
    *,
    ours: Sequence[tuple[float, float | None]],
    before: Sequence[tuple[float, float | None]],
    last_year: str,
    today: date,
) -> Picture:
    unit, line = asked.measure.unit, asked.line
    names = (texts("figure.this_period"), last_year)
    number = ".0%" if unit == "share" else ",.1f" if _fine(ours, unit) else ",.0f"
    last = max(at for at, _ in [*ours, *before])
    axes = Axes(_ticks(texts, line, round(last)), number, line.ends_open(today))

    def spec(size: Size) -> Spec:
        return lines.over_time(_major(ours, currency), _major(before, currency), names, axes, size)

    wide, narrow = both(spec, texts.language)
    known = [(at, value) for at, value in ours if value is not None]
    at, top = max(known, key=lambda point: point[1])
    written = saying.amount(texts, unit, top, currency)
    day = formats.day(line.begins + timedelta(at), texts.language)
    step = texts(f"figure.by_{line.step}")
    name = saying.name(asked.measure, texts)
    title = f"{name}, {formats.currency_name(currency, texts.language)}" if currency else name
    return Picture(
        id=f"line-{currency or unit}",
        title=f"{title}, {step}",
        sentence=texts(f"figure.highest_{line.step}", day=day, value=written),
        wide=wide,
        narrow=narrow,
        table=table(*_table(texts, unit, currency, line)),
    )


def _table(
    texts: Texts, unit: str, currency: str | None, line: Series
) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            formats.day(day, texts.language),
            ":" if value is None else saying.amount(texts, unit, value, currency, exact=True),
        ]
        for day, value in line.lines.get(currency, ())
    ]
    return [texts(f"figure.{line.step}"), texts("figure.value")], rows


def _parts(
    texts: Texts, currency: str, measure: Measure, parts: Answer, by: str
) -> Iterator[Picture]:
    currencies = sorted({c.currency for c in parts.cells}, key=lambda c: (c != currency, c or ""))
    for one in currencies:
        title = EVERY_BREAKDOWN[by].name[texts.language]
        if one is not None and len(currencies) > 1:
            title = f"{title}, {formats.currency_name(one, texts.language)}"
        rows = breakdowns.rows(texts, parts, by, one)
        if not rows:
            continue
        if by == "weekday_hour":
            yield breakdowns.heat(texts, title, parts, one)
        else:
            yield breakdowns.picture(
                texts,
                title,
                rows,
                by=by,
                unit=parts.unit,
                currency=one,
                additive=measure.id in ADDITIVE or by == ORDER_DAYS.id,
                sizes=breakdowns.LARGE,
            )


def _major(
    line: Sequence[tuple[float, float | None]], currency: str | None
) -> list[tuple[float, float | None]]:
    if currency is None:
        return list(line)
    unit = float(formats.major(1, currency))
    return [(at, None if value is None else value * unit) for at, value in line]


def _fine(line: Sequence[tuple[float, float | None]], unit: str) -> bool:
    """Tell whether whole numbers are too coarse for the axis."""
    known = [value for _, value in line if value is not None]
    return unit != "minor_units" and max(known) < 4


def _ticks(texts: Texts, line: Series, length: int) -> dict[int, str]:
    """Return the days that are named below a chart of *length* days: its ends, and some between."""
    places = sorted({round(length * n / _TICKS) for n in range(_TICKS + 1)})
    far = length > 300
    named = {}
    for at in places:
        day = line.begins + timedelta(at)
        name = formats.day_of_year(day, texts.language)
        month = formats.MONTHS[texts.language][day.month - 1]
        named[at] = f"{month[:3]} {day.year}" if far else name.replace(month, month[:3])
    return named
