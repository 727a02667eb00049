"""*Nå*: what is selling right now, beside what is usual on such a day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from kudos.register import OSLO
from services.query.answer import Answer, Band, Live, Minute
from services.query.dashboard import bars, breakdowns, formats, spans
from services.query.dashboard.course import Course, usually
from services.query.dashboard.course import picture as draw_course
from services.query.dashboard.drawing import draw
from services.query.dashboard.picture import Picture, table
from services.query.dashboard.source import Source
from services.query.dashboard.style import Size
from services.query.dashboard.wording import Texts
from services.query.live import LEAST_DAYS, Pulse
from services.query.question import Question

TOPS = ("production", "channel", "venue")
_TOP = 5
_LAST_HOUR = Size(236, 84)


class Moment(Struct, frozen=True):
    """What the page asks for."""

    pulse: Pulse
    band: Band | None
    tops: Mapping[str, Answer]

    @property
    def live(self) -> Live:
        """Return the day by minute: what came without an hour is in the totals alone."""
        return self.pulse.live

    @property
    def any_sale(self) -> bool:
        """Tell whether anything was sold or refunded today."""
        return bool(self.live.minutes) or any(figure.value for figure in self.pulse.totals)

    def totals(self, measure: str) -> dict[str | None, int]:
        """Return today's total of *measure*, by currency where it is money."""
        found = (f for f in self.pulse.totals if f.measure == measure)
        return {figure.currency: int(figure.value or 0) for figure in found}

    def total(self, measure: str) -> int:
        """Return today's total of *measure*, which is no money."""
        return sum(self.totals(measure).values())


class Tile(Struct, frozen=True):
    """One number and what it is; money stands once for each currency."""

    name: str
    values: tuple[str, ...]
    note: str | None = None


class Now(Struct, frozen=True):
    """What the page shows."""

    as_of: datetime | None
    sentence: str
    tiles: tuple[Tile, ...]
    courses: tuple[Picture, ...]
    tops: tuple[Picture, ...]
    note: str
    any_sale: bool


class _Day(Struct, frozen=True):
    """The day as far as it is known, for the functions below."""

    texts: Texts
    found: Moment
    until: int  # minute of the day
    currencies: tuple[str, ...]  # the register's own first, and always

    @property
    def weekday(self) -> str:
        return formats.weekday(self.found.live.day, self.texts.language)

    @property
    def last_hour(self) -> tuple[Minute, ...]:
        return tuple(m for m in self.found.live.minutes if m.of_day >= self.hour_begins)

    @property
    def hour_begins(self) -> int:
        """Return the first of the twelve times five minutes that make up the last hour."""
        return max(0, (self.until // 5 - 11) * 5)


def moment(source: Source, pulse: Pulse, before: "Moment | None" = None) -> Moment:
    """Ask for what *Nå* shows beside *pulse*; what *before* has and still holds, stays."""
    if before is not None and before.pulse.says_the_same(pulse):
        return Moment(pulse, before.band, before.tops)
    live = pulse.live
    today = spans.containing("day", live.day)
    tops: Mapping[str, Answer] = {}
    if live.minutes:
        asked = [Question("tickets", live.organisation, today, (by,)) for by in TOPS]
        tops = dict(zip(TOPS, source.ask_many(asked), strict=True))
    if before is not None and before.live.day == live.day:
        return Moment(pulse, before.band, tops)
    return Moment(pulse, source.band(live.organisation, live.day), tops)


def page(texts: Texts, currency: str, found: Moment, at: datetime) -> Now:
    """Return the page at *at*; *currency* is the register's, the one of the band."""
    traded = {m.currency for m in found.live.minutes} | found.totals("gross_revenue").keys()
    others = sorted(c for c in traded if c not in {None, currency} and c is not None)
    day = _Day(texts, found, _known_until(found.live, at), (currency, *others))
    return Now(
        as_of=found.live.as_of,
        sentence=_sentence(day),
        tiles=tuple(_tiles(day)),
        courses=tuple(draw_course(texts, course) for course in _courses(day)),
        tops=(_last_hour(day), *_tops(day)),
        note=_note(day),
        any_sale=found.any_sale,
    )


def _known_until(live: Live, at: datetime) -> int:
    """Return the local minute until which *live* is known; of a day that is over, its end."""
    local = at.astimezone(OSLO)
    if local.date() != live.day:
        return 24 * 60
    last = live.minutes[-1].of_day if live.minutes else 0
    return max(local.hour * 60 + local.minute, last)


def _sentence(day: _Day) -> str:
    """Say how the day goes, and whether that is usual."""
    texts, found = day.texts, day.found
    usual = None if found.band is None else usually(found.band.tickets, day.until)
    if not found.any_sale and usual is not None:
        some = texts.count("tickets", round(usual[1]))
        return texts("now.nothing_usual", weekday=day.weekday, tickets=some)
    if not found.any_sale:
        return texts("now.nothing")
    tickets = texts.count("tickets", found.total("tickets"))
    money = _written(day, found.totals("gross_revenue"))
    said = texts("now.sentence" if money else "now.sentence_free", tickets=tickets, money=money)
    if usual is None:
        return said + "."
    net = found.total("net_tickets")
    how = "more" if net > usual[2] else "less" if net < usual[0] else "usual"
    return said + texts(f"now.{how}", weekday=day.weekday) + "."


def _written(day: _Day, gross: Mapping[str | None, int]) -> str:
    """Write money, each currency apart; nothing where there is none."""
    return " + ".join(
        formats.money(gross[currency], currency, day.texts.language)
        for currency in day.currencies
        if gross.get(currency)
    )


def _hour_gross(day: _Day) -> dict[str | None, int]:
    return {
        currency: sum(m.gross_revenue for m in day.last_hour if m.currency == currency)
        for currency in day.currencies
    }


def _tiles(day: _Day) -> Iterator[Tile]:
    texts, found = day.texts, day.found
    refunded = found.total("refunded_tickets")
    note = texts("now.refunded", tickets=texts.count("tickets", refunded)) if refunded else None
    sold = formats.number(found.total("tickets"), texts.language)
    yield Tile(texts("now.sold"), (sold,), note)
    gross = found.totals("gross_revenue")
    money = [formats.money(gross.get(c, 0), c, texts.language) for c in day.currencies]
    yield Tile(texts("now.gross"), tuple(money))
    yield Tile(texts("now.orders"), (formats.number(found.total("orders"), texts.language),))
    last = texts.count("tickets", sum(m.tickets for m in day.last_hour))
    yield Tile(texts("now.last_hour"), (last,), _written(day, _hour_gross(day)) or None)


def _courses(day: _Day) -> Iterator[Course]:
    texts, live, band = day.texts, day.found.live, day.found.band
    yield Course(
        id="tickets",
        title=texts("now.tickets_chart"),
        weekday=day.weekday,
        amounts=[(m.of_day, m.tickets - m.refunded_tickets) for m in live.minutes],
        usual=() if band is None else band.tickets,
        until=day.until,
        write=lambda value: formats.number(value, texts.language),
    )
    for currency in day.currencies:
        known = band is not None and currency == day.currencies[0]
        yield _revenue(day, currency, band.gross_revenue if band and known else ())


def _revenue(day: _Day, currency: str, usual: Sequence[tuple[float, float, float]]) -> Course:
    """Return the course of gross revenue in the currency's major unit."""
    texts = day.texts
    unit = float(formats.major(1, currency))
    name = formats.currency_name(currency, texts.language)
    minutes = [m for m in day.found.live.minutes if m.currency == currency]
    return Course(
        id=currency,
        title=texts("now.money_chart", currency=name),
        weekday=day.weekday,
        amounts=[(m.of_day, m.gross_revenue * unit) for m in minutes],
        usual=[(low * unit, mid * unit, high * unit) for low, mid, high in usual],
        until=day.until,
        write=lambda value: formats.money(round(value / unit), currency, texts.language),
    )


def _last_hour(day: _Day) -> Picture:
    texts = day.texts
    fives = [(at, at + 5) for at in range(day.hour_begins, day.until + 1, 5)]
    sold = [sum(m.tickets for m in day.last_hour if a <= m.of_day < b) for a, b in fives]
    named = [formats.clock(a) for a, _ in fives]
    drawn = [
        (name if a % 15 == 0 else "", float(n))
        for (a, _), name, n in zip(fives, named, sold, strict=True)
    ]
    tickets, money = texts.count("tickets", sum(sold)), _written(day, _hour_gross(day))
    key = "now.last_hour_sentence" if money else "now.last_hour_free"
    rows = [[n, formats.number(s, texts.language)] for n, s in zip(named, sold, strict=True)]
    return Picture(
        id="last_hour",
        title=texts("now.last_hour_by"),
        sentence=texts(key, tickets=tickets, money=money),
        wide=draw(bars.columns(drawn, _LAST_HOUR), texts.language),
        narrow=None,
        table=table([texts("now.time"), texts("now.sold")], rows),
    )


def _tops(day: _Day) -> Iterator[Picture]:
    texts = day.texts
    for by, answer in day.found.tops.items():
        rows = breakdowns.rows(texts, answer, by, None)
        if rows:
            title = texts(f"now.{by}")
            yield breakdowns.picture(
                texts, title, rows, by=by, unit=answer.unit, additive=True, most=_TOP
            )


def _note(day: _Day) -> str:
    texts, band = day.texts, day.found.band
    if band is None:
        return texts("now.few_weeks", n=LEAST_DAYS, weekday=day.weekday)
    return texts("now.band_note", n=band.days, weekday=day.weekday)
