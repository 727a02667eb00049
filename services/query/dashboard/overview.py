"""*Oversikt*: how are we doing? Eight figures at most: change, line and a sentence for each."""

from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from services.query.answer import Answer, Cell
from services.query.dashboard import formats, lines, meanwhile, saying, series, spans, steps
from services.query.dashboard.drawing import draw
from services.query.dashboard.meanwhile import Meanwhile
from services.query.dashboard.series import Series
from services.query.dashboard.source import Source
from services.query.dashboard.spans import Against
from services.query.dashboard.style import Size
from services.query.dashboard.withheld import SIGN
from services.query.dashboard.wording import Texts
from services.query.measure import Measure
from services.query.measures import MEASURES
from services.query.question import Period, Question

_SPARK = Size(244, 46)
#: What the sentence says of customers, where both are on the page.
_CUSTOMERS = ("unique_customers", "new_customers")


class Asked(Struct, frozen=True):
    """One figure: its period, what that is held against, and its lines."""

    measure: Measure
    period: Period
    held: Against
    now: Answer
    previous: Answer | None
    last_year: Answer | None
    line: Series
    line_before: Series | None


class Amount(Struct, frozen=True):
    """One value (money: one currency), and how it differs."""

    currency: str | None
    written: str
    why: str | None
    changes: tuple[tuple[str | None, str], ...]  # how much (None: unknown), and against what


class Tile(Struct, frozen=True):
    """One figure on the page."""

    measure: str
    name: str
    amounts: tuple[Amount, ...]
    sentence: str
    chart: Markup | None
    ends: tuple[str, str]  # the first and the last day of the chart
    behind: str | None = None  # it lacks something that other figures have
    beside: str | None = None  # what groups did meanwhile


class Overview(Struct, frozen=True):
    """What the page shows."""

    sentence: str
    tiles: tuple[Tile, ...]
    any_sale: bool
    grey: str | None  # what the grey lines are


def ask(
    source: Source, organisation: str, measures: Sequence[str], period: Period, today: date
) -> list[Asked]:
    """Ask for *measures* over *period* and what it is held against, and for their lines."""
    held = spans.against(period, today)
    some = [p for p in (period, held.previous, held.last_year) if p is not None]
    days = series.window(period, today)
    questions = [Question(name, organisation, p) for name in measures for p in some]
    for name in measures:
        questions += series.questions(organisation, name, days)
    # all at once: what they share is read once
    answers = dict(zip(questions, source.ask_many(questions), strict=True))

    def answer(name: str, p: Period | None) -> Answer | None:
        return None if p is None else answers[Question(name, organisation, p)]

    return [
        Asked(
            measure=MEASURES[name],
            period=period,
            held=held,
            now=answers[Question(name, organisation, period)],
            previous=answer(name, held.previous),
            last_year=answer(name, held.last_year),
            line=series.over(source, organisation, name, days, answers),
            line_before=_line_before(source, organisation, name, period, held),
        )
        for name in measures
    ]


def _line_before(
    source: Source, organisation: str, measure: str, period: Period, held: Against
) -> Series | None:
    """Return the line of a year before, as long as the whole period; none but for days."""
    if held.last_year is None or period.kind == "day":
        return None
    begins = held.last_year.begins
    days = (begins, begins + (period.ends - period.begins))
    if series.step(measure, *days) != "day":
        return None
    return series.over(source, organisation, measure, days, {})


def page(
    texts: Texts,
    currency: str,
    asked: Sequence[Asked],
    today: date,
    beside: Meanwhile | None = None,
) -> Overview:
    """Return the page; *currency* is the register's, which stands first."""
    by_name = {a.measure.id: a for a in asked}
    furthest = steps.newest(a.now for a in asked)
    tiles = tuple(
        replace(
            tile(texts, currency, a, today)
            if steps.is_known(a.now, furthest)
            else _unknown(texts, a),
            behind=steps.say(texts, a.now, furthest),
            beside=meanwhile.say(texts, beside, a.measure.id, currency, reasons=False),
        )
        for a in asked
    )
    any_sale = any(cell.value for a in asked for cell in a.now.cells)
    grey = None
    if any_sale and any(a.line_before for a in asked):
        _, last_year = saying.earlier(texts, asked[0].period, asked[0].held, today)
        grey = texts("overview.grey", what=last_year)
    together = not any(steps.is_behind(a.now, furthest) for a in asked)
    said = _sentence(texts, by_name, asked) if together else _behind(texts, asked)
    return Overview(said, tiles, any_sale, grey)


def _behind(texts: Texts, asked: Sequence[Asked]) -> str:
    """Say no figures in one sentence of which some have what others lack."""
    return texts("steps.sentence", period=saying.period(texts, asked[0].period))


def _unknown(texts: Texts, asked: Asked) -> Tile:
    """Return a figure that is not computed yet: it has no value, and no 0."""
    amount = Amount(None, SIGN, None, ())
    name = saying.name(asked.measure, texts)
    return Tile(asked.measure.id, name, (amount,), "", None, ("", ""))


def tile(texts: Texts, currency: str, asked: Asked, today: date) -> Tile:
    """Return one figure with its small multiple."""
    line, first = asked.line, _first(asked.now, currency)
    ours = line.drawn(first.currency if first else None)
    known = [value for _, value in ours if value is not None]
    chart = _spark(texts, asked, first, today) if known else None
    ends = (line.begins, line.ends)
    return Tile(
        measure=asked.measure.id,
        name=saying.name(asked.measure, texts),
        amounts=tuple(amounts(texts, currency, asked, today)),
        sentence=sentence(texts, currency, asked, today),
        chart=chart,
        ends=(_short(texts, ends[0], today), _short(texts, ends[1], today)),
    )


def amounts(texts: Texts, currency: str, asked: Asked, today: date) -> list[Amount]:
    """Return the value of each currency with its changes; of what is no money, one."""
    against = saying.earlier(texts, asked.period, asked.held, today)
    unit = asked.measure.unit
    found = []
    for cell in in_order(asked.now, currency):
        changes = []
        for answer, what in zip((asked.previous, asked.last_year), against, strict=True):
            if answer is not None:
                how = saying.change(unit, cell, _same(answer, cell))
                said = saying.difference(texts, how)
                changes.append((said, texts("compare.against", what=what)))
        undefined = saying.why(texts, cell) if cell.value is None else None
        written = saying.value(texts, unit, cell)
        found.append(Amount(cell.currency, written, undefined, tuple(changes)))
    return found


def sentence(texts: Texts, currency: str, asked: Asked, today: date) -> str:
    """Say how the figure differs: from last year, else from the period before."""
    cell = _first(asked.now, currency)
    if cell is None:
        return texts("say.nothing") + "."
    if cell.value is None:
        return saying.why(texts, cell) + "."
    previous, last = saying.earlier(texts, asked.period, asked.held, today)
    unit, name = asked.measure.unit, asked.measure.id
    held = [(asked.last_year, last), (asked.previous, previous)]
    said = []
    for answer, what in held:
        if answer is not None:
            before = _same(answer, cell)
            if before is not None and cell.value == before.value == 0:
                return texts("say.still_nothing", what=what) + "."
            how = saying.change(unit, cell, before)
            if how.kind != "none":
                return saying.trend(texts, name, how, what) + "."
            said.append(saying.trend(texts, name, how, what) + ".")
    written = f"{saying.name(asked.measure, texts)}: {saying.value(texts, unit, cell)}."
    return said[0] if said else written


def in_order(answer: Answer, currency: str) -> list[Cell]:
    """Return the cells of *answer*, the register's currency first."""
    return sorted(
        answer.cells, key=lambda c: (c.currency not in {None, currency}, c.currency or "")
    )


def _first(answer: Answer, currency: str) -> Cell | None:
    return next(iter(in_order(answer, currency)), None)


def _same(answer: Answer, cell: Cell) -> Cell | None:
    return next((c for c in answer.cells if c.currency == cell.currency), None)


def _sentence(texts: Texts, by_name: Mapping[str, Asked], asked: Sequence[Asked]) -> str:
    """Say the period in one sentence, by the tickets and the money that are on the page."""
    if not asked:
        return ""
    period = saying.period(texts, asked[0].period)
    tickets, gross = by_name.get("tickets"), by_name.get("gross_revenue")
    if tickets is None:
        return f"{period}."
    if not any(cell.value for a in asked for cell in a.now.cells):
        return texts("overview.nothing", period=period) + "."
    sold = sum(cell.value or 0 for cell in tickets.now.cells)
    money = [
        formats.money(cell.value, cell.currency, texts.language)
        for cell in (gross.now.cells if gross else ())
        if cell.value and cell.currency
    ]
    count, who = texts.count("tickets", sold), _who(texts, by_name)
    if not money:
        return texts("overview.sentence_free", period=period, tickets=count) + who + "."
    written = texts("overview.sentence", period=period, tickets=count, money=" + ".join(money))
    return written + who + "."


def _who(texts: Texts, by_name: Mapping[str, Asked]) -> str:
    """Say how many customers there were, and how many of them were new."""
    counts = [by_name[name].now.cells[0].value for name in _CUSTOMERS if name in by_name]
    if len(counts) < len(_CUSTOMERS) or not counts[0]:
        return ""
    everybody, new = (formats.number(n or 0, texts.language) for n in counts)
    key = "overview.one_customer" if counts[0] == 1 else "overview.customers"
    return texts(key, customers=everybody, new=new)


def _spark(texts: Texts, asked: Asked, cell: Cell | None, today: date) -> Markup:
    currency = cell.currency if cell else None
    ours = asked.line.drawn(currency)
    before = asked.line_before.drawn(currency) if asked.line_before else []
    peak = max(value for _, value in ours if value is not None)
    written = saying.amount(texts, asked.measure.unit, peak, currency)
    open_end = asked.line.ends_open(today)
    return draw(lines.spark(ours, before, written, _SPARK, open_end=open_end), texts.language)


def _short(texts: Texts, day: date, today: date) -> str:
    if day == today:
        return texts("now.today")
    if abs((today - day).days) < 300:
        return formats.day_of_year(day, texts.language)
    return formats.day(day, texts.language)
