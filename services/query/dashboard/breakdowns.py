"""Breakdowns as people read them: bars, in which order they stand, and their table."""

from collections.abc import Sequence

from msgspec import Struct

from services.query.answer import Answer, Cell
from services.query.customers import EVERY_BREAKDOWN, ORDER_DAYS
from services.query.dashboard import bars, formats, labels, saying
from services.query.dashboard.bars import Bar
from services.query.dashboard.drawing import draw
from services.query.dashboard.picture import Picture, table
from services.query.dashboard.style import USUAL, Size
from services.query.dashboard.wording import Texts

#: In the order of what they mean, not of their size.
_ORDERED = ("price_band", "lead_time", ORDER_DAYS.id)
#: More bars than this say less; the rest is one row, and all are in the table.
_MOST = 12
SMALL, LARGE = (Size(236, 0),), (Size(480, 0), Size(276, 0))
_HEAT, _HEAT_NARROW = Size(500, 190), Size(240, 170)


class Row(Struct, frozen=True):
    """One value of a breakdown."""

    name: str
    value: float
    written: str


def rows(texts: Texts, answer: Answer, by: str, currency: str | None) -> list[Row]:
    """Return the values of *answer* in *currency*, the largest first or in their own order."""
    cells = [c for c in answer.cells if c.currency == currency and c.value is not None]
    if by in _ORDERED:
        place = {value: at for at, value in enumerate(EVERY_BREAKDOWN[by].values)}
        cells.sort(key=lambda cell: place.get(cell.by[by], len(place)))
    else:
        cells.sort(key=lambda cell: (-(cell.value or 0), cell.by[by]))
    return [_row(texts, answer.unit, by, cell) for cell in cells]


def picture(
    texts: Texts,
    title: str,
    found: Sequence[Row],
    *,
    by: str,
    unit: str,
    currency: str | None = None,
    additive: bool = True,
    most: int = _MOST,
    sizes: Sequence[Size] = SMALL,
) -> Picture:
    """Return bars of *found*, with every value in the table; shares where values add up."""
    total = sum(row.value for row in found)
    shares = additive and total > 0 and all(row.value >= 0 for row in found)
    share = [formats.percent(row.value / total, texts.language) if shares else "" for row in found]
    # what adds nothing stands in the table alone
    drawn = [
        Bar(r.name, float(r.value), _end(r, s))
        for r, s in zip(found, share, strict=True)
        if r.value or not additive
    ]
    shown = drawn[:most]
    if len(drawn) > most and additive:
        rest = sum(bar.value for bar in drawn[most:])
        written = saying.amount(texts, unit, round(rest), currency)
        shown.append(Bar(texts("figure.rest", n=len(drawn) - most), rest, written, USUAL))
    head = [EVERY_BREAKDOWN[by].name[texts.language], texts("figure.value")]
    body = [[row.name, row.written] for row in found]
    if shares:
        head.append(texts("figure.share"))
        body = [[*row, s] for row, s in zip(body, share, strict=True)]
    return Picture(
        id=f"{by}-{currency or unit}",
        title=title,
        sentence=_sentence(texts, by, found, shares=shares, total=total),
        wide=draw(bars.bars(shown, sizes[0]), texts.language),
        narrow=draw(bars.bars(shown, sizes[1]), texts.language) if sizes[1:] else None,
        table=table(head, body),
    )


def heat(texts: Texts, title: str, answer: Answer, currency: str | None) -> Picture:
    """Return weekday by hour, Monday first, as a heat map."""
    found = {_hour(c): c for c in answer.cells if c.currency == currency and c.value is not None}
    hours = range(min(h for _, h in found), max(h for _, h in found) + 1)
    cells = [(day, hour, float(cell.value or 0)) for (day, hour), cell in found.items()]
    names = formats.WEEKDAYS[texts.language]
    top = max(found, key=lambda at: found[at].value or 0)
    short = [name[:3] for name in names]
    body = [
        [formats.clock(hour * 60)]
        + [_at(texts, answer.unit, found.get((day, hour))) for day in range(7)]
        for hour in hours
    ]
    return Picture(
        id=f"weekday_hour-{currency or answer.unit}",
        title=title,
        sentence=texts(
            "figure.heat_sentence", weekday=names[top[0]], hour=formats.clock(top[1] * 60)
        ),
        wide=draw(bars.heat(cells, short, hours, _HEAT), texts.language),
        narrow=draw(bars.heat(cells, short, hours, _HEAT_NARROW), texts.language),
        table=table([texts("figure.hour"), *names], body),
    )


def _hour(cell: Cell) -> tuple[int, int]:
    weekday, _, hour = cell.by["weekday_hour"].partition("-")
    return int(weekday) - 1, int(hour)


def _at(texts: Texts, unit: str, cell: Cell | None) -> str:
    return "" if cell is None else saying.value(texts, unit, cell)


def _row(texts: Texts, unit: str, by: str, cell: Cell) -> Row:
    written = saying.value(texts, unit, cell, exact=True)
    return Row(labels.label(texts, by, cell.by[by]), cell.value or 0, written)


def _end(row: Row, share: str) -> str:
    return f"{row.written} ({share})" if share else row.written


def _sentence(texts: Texts, by: str, found: Sequence[Row], *, shares: bool, total: float) -> str:
    if by == ORDER_DAYS.id:
        return _once(texts, found, total)
    top = max(found, key=lambda row: row.value)
    if not shares:
        return texts("figure.by_sentence", name=top.name, value=top.written)
    share = formats.percent(top.value / total, texts.language)
    return texts("figure.by_sentence_share", name=top.name, value=top.written, share=share)


def _once(texts: Texts, found: Sequence[Row], total: float) -> str:
    """Say which share came once; values stand in their order."""
    once = found[0].value if found[0].name == labels.days(texts, "1") else 0
    return texts("figure.once_sentence", share=formats.percent(once / total, texts.language))
