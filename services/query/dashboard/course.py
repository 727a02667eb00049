"""The course of a day: how far it had come at each minute, beside how far such days usually had."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from msgspec import Struct

from services.query.dashboard import formats, lines
from services.query.dashboard.picture import Picture, both, table
from services.query.dashboard.style import Size, Spec
from services.query.dashboard.wording import Texts

QUARTER = 15
Quartiles = tuple[float, float, float]
_BEGINNING: Quartiles = (0.0, 0.0, 0.0)


class Course(Struct, frozen=True):
    """One amount over the day; *usual* is by quarter of an hour, empty where it is not known."""

    id: str
    title: str
    weekday: str
    amounts: Sequence[tuple[int, float]]  # minute of the day, and what came in it
    usual: Sequence[Quartiles]
    until: int  # the minute until which the day is known
    write: Callable[[float], str]


def usually(quarters: Sequence[Quartiles], minute: int) -> Quartiles:
    """Return 25, 50 and 75 % at *minute*, between the ends of two quarters of an hour."""
    at, part = divmod(minute, QUARTER)
    before = quarters[at - 1] if at > 0 else _BEGINNING
    after = quarters[min(at, len(quarters) - 1)]
    low, mid, high = (b + (a - b) * part / QUARTER for b, a in zip(before, after, strict=True))
    return low, mid, high


def picture(texts: Texts, course: Course) -> Picture:
    """Draw *course*, say where it stands, and give it as a table by the hour."""
    points = _points(course)
    today = course.write(points[-1][1])
    band = [((n + 1) * QUARTER, *of) for n, of in enumerate(course.usual)]
    if band:
        band.insert(0, (0, *_BEGINNING))
    now, usual = texts("now.today"), texts("now.usual_label", weekday=course.weekday)

    def spec(size: Size) -> Spec:
        return lines.so_far(points, f"{now} {today}", band, usual, size)

    wide, narrow = both(spec, texts.language)
    return Picture(
        id=course.id,
        title=course.title,
        sentence=_sentence(texts, course, today),
        wide=wide,
        narrow=narrow,
        table=table(*_table(texts, course, points)),
    )


def _points(course: Course) -> list[tuple[int, float]]:
    """Return the cumulative steps from midnight until now."""
    minutes = [minute for minute, _ in course.amounts]
    sums = accumulate(amount for _, amount in course.amounts)
    points = [(0, 0.0), *dict(zip(minutes, sums, strict=True)).items()]
    return [*points, (max(course.until, points[-1][0]), points[-1][1])]


def _sentence(texts: Texts, course: Course, today: str) -> str:
    if not course.usual:
        return texts("now.chart_alone", today=today)
    low, mid, high = map(course.write, usually(course.usual, course.until))
    return texts(
        "now.tickets_sentence", today=today, weekday=course.weekday, low=low, high=high, usual=mid
    )


def _table(
    texts: Texts, course: Course, points: Sequence[tuple[int, float]]
) -> tuple[list[str], list[list[str]]]:
    head = [texts("now.time"), texts("now.so_far")]
    if course.usual:
        head.append(texts("now.usual_range"))
    rows = []
    hours = [hour * 60 for hour in range(1, 25) if hour * 60 < course.until]
    for minute in [*hours, course.until]:
        so_far = [value for at, value in points if at < minute or at == minute == course.until]
        row = [formats.clock(minute), course.write(so_far[-1])]
        if course.usual:
            low, _, high = usually(course.usual, minute)
            row.append(f"{course.write(low)}\u2013{course.write(high)}")
        rows.append(row)
    return head, rows
