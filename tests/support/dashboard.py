"""The dashboard on made-up sales: consistent, the same every time, and with no database."""

import hashlib
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from starlette.applications import Starlette

from kudos.register import OSLO, Register, parse
from services.query.answer import Answer, Band, Cell, Live, Minute, Point
from services.query.dashboard.pages import routes
from services.query.dashboard.source import Cuts
from services.query.figures import family_of
from services.query.hub import Hub
from services.query.live import TOTALS, Figure, Pulse, usual
from services.query.measures import MEASURES
from services.query.operations import Running
from services.query.periods import parse as parse_period
from services.query.question import Question
from tests.support.cutting import beside
from tests.support.operations import FEEDS, troubled
from tests.support.regulars import Regulars, steps

#: A Tuesday, at five past two.
NOON = datetime(2026, 5, 19, 14, 5, tzinfo=OSLO)
#: Tokens by whose they are.
TOKENS = {
    name: f"token-of-{name}" for name in ("theatre", "border", "empty", "free", "past", "operator")
}
SECRET = "a secret of the tests"
_PLAYS = ("Peer Gynt", "Et dukkehjem", "Vildanden", "Hedda Gabler", "Brand <& co>")
_CHANNELS = ("web", "web", "web", "box_office", "phone", "agent")
_TYPES = (("Ordinær", 35000), ("Student", 20000), ("Honnør", 28000), ("Barn", 15000))
_LEADS = ("0", "1-2", "3-7", "8-30", "31-90", "91+")


class Line(Struct, frozen=True):
    """One line; the words are those of ``services.query.statements``."""

    at: datetime
    order: str
    quantity: int
    price: int  # of the line, in the minor unit
    by: Mapping[str, str]
    currency: str = "NOK"
    sale: bool = True
    customer: str | None = None

    @property
    def day(self) -> date:
        """Return the local day."""
        return self.at.astimezone(OSLO).date()


def register() -> Register:
    """Return five houses and an operator."""
    text = ""
    for name, token in TOKENS.items():
        digest = hashlib.sha256(token.encode()).hexdigest()
        if name == "operator":
            text += f'[[token]]\nsha256 = "{digest}"\nrole = "operator"\n'
            continue
        text += (
            f'[[organisation]]\nid = "{name}"\nname = "{name.capitalize()} og Scene"\n'
            f'industry = "scenekunst"\ncounty = "03"\ncity = "0301"\nowner = "{name}"\n'
            + FEEDS.get(name, "")
            + f'[[token]]\nsha256 = "{digest}"\nrole = "organisation"\norganisation = "{name}"\n'
        )
    return parse(text)


class Clock:
    """The time as it goes on, from a Tuesday in May."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=time.monotonic() - self._begun)


class Houses:
    """A register that a test can change."""

    def __init__(self) -> None:
        self.now = register()


class FakeSource:
    """Answers from lines in memory, by the product's own measures."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lines: defaultdict[str, defaultdict[date, list[Line]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._regulars: defaultdict[str, Regulars] = defaultdict(Regulars)
        #: Set to have something else to say.
        self.running: Running | None = None
        #: By how many seconds tables are further behind; None: they are not computed yet.
        self.behind: dict[str, float | None] = {}
        #: Set to have the next questions fail.
        self.fails: Exception | None = None

    def add(self, organisation: str, line: Line) -> None:
        """Let something be sold."""
        self._lines[organisation][line.day].append(line)
        for customer, day in _bought([line]):
            self._regulars[organisation].add(customer, day)

    def ask_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer each question, in order."""
        if self.fails is not None:
            raise self.fails
        return [self._answer(question) for question in questions]

    def curve(self, organisation: str, measure: str, begins: date, ends: date) -> list[Point]:
        """Return *measure* by day; days without a point had nothing."""
        days = sorted(d for d in self._lines[organisation] if begins <= d <= ends)
        answers = self.ask_many(
            [Question(measure, organisation, parse_period(str(day))) for day in days]
        )
        return [
            Point(day, cell.value, cell.currency)
            for day, answer in zip(days, answers, strict=True)
            for cell in answer.cells
        ]

    def pulse(self, organisation: str) -> Pulse:
        """Return the local day of now, minute by minute, and its totals."""
        day = self._clock().astimezone(OSLO).date()
        asked = [Question(name, organisation, parse_period(str(day))) for name in TOTALS]
        totals = [
            Figure(name, cell.value, cell.currency)
            for name, answer in zip(TOTALS, self.ask_many(asked), strict=True)
            for cell in answer.cells
        ]
        minutes = tuple(self._minutes(organisation, day))
        return Pulse(Live(organisation, day, self.watermark(), minutes), tuple(totals))

    def band(self, organisation: str, day: date) -> Band | None:
        """Return how far the weekday of *day* had usually come."""
        days = [day - timedelta(weeks=n) for n in range(1, 9)]
        return usual([list(self._minutes(organisation, d)) for d in days], "NOK")

    def operations(self) -> Running:
        """Return what is told, or trouble."""
        self.ask_many([])
        return self.running or troubled(self._clock())

    def watermark(self) -> datetime | None:
        """Return one second ago."""
        return self._clock() - timedelta(seconds=1)

    def _minutes(self, organisation: str, day: date) -> Iterator[Minute]:
        found: defaultdict[tuple[int, str], list[Line]] = defaultdict(list)
        for line in self._lines[organisation].get(day, ()):
            local = line.at.astimezone(OSLO)
            found[local.hour * 60 + local.minute, line.currency].append(line)
        for (minute, currency), lines in sorted(found.items()):
            sums = _sums(lines)
            yield Minute(
                of_day=minute,
                currency=currency,
                orders=sums["orders"],
                tickets=sums["tickets"],
                refunded_tickets=sums["refunded_tickets"],
                gross_revenue=sums["gross_revenue"],
                net_revenue=sums["net_revenue"],
            )

    def _between(self, organisation: str, begins: date, ends: date) -> list[Line]:
        days = self._lines[organisation]
        length = (ends - begins).days + 1
        if length < len(days):
            asked = (begins + timedelta(n) for n in range(length))
            return [line for day in asked for line in days.get(day, ())]
        return [line for day in days if begins <= day <= ends for line in days[day]]

    def _answer(self, question: Question) -> Answer:
        measure, period = MEASURES[question.measure].counted(question.by), question.period
        lines = self._between(question.organisation, period.begins, period.ends)
        groups: defaultdict[tuple[tuple[str, ...], str | None], list[Line]] = defaultdict(list)
        if question.by == ("order_days",):
            return self._told(
                question,
                lines,
                [Cell({"order_days": n}, m) for n, m in steps(_bought(lines)).items()],
            )
        for line in lines:
            values = tuple(line.by[name] for name in question.by)
            groups[values, line.currency if measure.money else None].append(line)
        if not groups and not question.by:
            groups[(), "NOK" if measure.money else None] = []
        cells = []
        for (values, currency), found in sorted(groups.items(), key=lambda group: str(group[0])):
            persons = self._regulars[question.organisation].sums(_bought(found), period.begins)
            value = measure.value(_sums(found) | persons)
            why = "undefined" if value is None else None
            cells.append(Cell(dict(zip(question.by, values, strict=True)), value, currency, why))
        return self._told(question, lines, cells)

    def _as_of(self, question: Question) -> datetime | None:
        seconds = self.behind.get(family_of(question), 0.0)
        return None if seconds is None else self._clock() - timedelta(seconds=1 + seconds)

    def _told(self, question: Question, lines: Sequence[Line], cells: Sequence[Cell]) -> Answer:
        measure = MEASURES[question.measure].counted(question.by)
        return Answer(
            definition=f"{measure.id}@{measure.version}",
            scope=f"organisation:{question.organisation}",
            period=question.period,
            as_of=self._as_of(question),
            organisations=1,
            coverage=MEASURES["coverage"].value(_sums(lines)),
            unit=measure.unit,
            kind="live",
            cells=tuple(cells),
        )


def _bought(lines: Sequence[Line]) -> list[tuple[str, date]]:
    return [(line.customer, line.day) for line in lines if line.sale and line.customer]


def _sums(lines: Sequence[Line]) -> dict[str, int]:
    sales, refunds = [x for x in lines if x.sale], [x for x in lines if not x.sale]
    orders = len({line.order for line in sales})
    net = sum(x.price for x in sales) - sum(x.price for x in refunds)
    known, known_refunds = [x for x in sales if x.customer], [x for x in refunds if x.customer]
    return {
        "orders": orders,
        "ticket_orders": orders,
        "customer_records": len({line.customer for line in known}),
        "tickets": sum(line.quantity for line in sales),
        "refunded_tickets": sum(line.quantity for line in refunds),
        "known_tickets": sum(line.quantity for line in known),
        "known_refunded_tickets": sum(line.quantity for line in known_refunds),
        "gross_revenue": sum(line.price for line in sales),
        "net_revenue": net,
        "fees": 2000 * len(sales) - 2000 * len(refunds),
        "ticket_revenue": net,
        "paid_tickets": sum(x.quantity for x in sales if x.price)
        - sum(x.quantity for x in refunds if x.price),
    }


def line_at(at: datetime, chance: random.Random, **changed: object) -> Line:
    """Return a line sold at *at*; *changed* names what is not left to *chance*."""
    kind, price = chance.choice(_TYPES)
    quantity = chance.choice((1, 2, 2, 2, 3, 4))
    paid = int(str(changed.pop("apiece", price))) * quantity
    local = at.astimezone(OSLO)
    by = {
        "production": chance.choice(_PLAYS[: 3 + at.month % 3]),
        "venue": chance.choice(("Hovedscenen", "Hovedscenen", "Biscenen")),
        "ticket_type": kind,
        "channel": chance.choice(_CHANNELS),
        "price_band": "0" if not paid else "200-349" if price < 35000 else "350-499",
        "lead_time": chance.choice(_LEADS),
        "weekday_hour": f"{local.isoweekday()}-{local.hour}",
    }
    customer = f"c{chance.randrange(4000)}" if chance.random() < 0.85 else None
    values: dict[str, object] = {
        "at": at,
        "order": f"o{chance.getrandbits(60)}",
        "quantity": quantity,
        "price": paid,
        "by": by,
        "customer": customer,
    }
    return Line(**(values | changed))  # type: ignore[arg-type] # a test's own words


def filled(clock: Callable[[], datetime], days: int = 800) -> FakeSource:
    """Return a source with *days* of sales until the clock."""
    source, chance = FakeSource(clock), random.Random(17)
    now = clock()
    for ago in range(days, -1, -1):
        day = now.astimezone(OSLO).replace(hour=0, minute=0, second=0) - timedelta(days=ago)
        busy = 14 + 8 * (day.weekday() in {3, 4, 5}) + (6 if ago < 365 else 0)
        for _ in range(chance.randint(busy - 6, busy + 6)):
            at = day + timedelta(minutes=int(chance.triangular(7 * 60, 23 * 60, 18 * 60)))
            if at > now:
                continue
            line = line_at(at, chance)
            source.add("theatre", line)
            source.add("border", line)
            if chance.random() < 0.2:
                source.add("border", line_at(at, chance, currency="EUR", apiece=3200))
            if ago < 100:
                source.add("free", line_at(at, chance, apiece=0))
            if chance.random() < 0.04:
                back = {"sale": False, "order": line.order, "quantity": 1, "price": 20000}
                source.add("theatre", line_at(at, chance, **back))
    source.add("past", line_at(datetime(1997, 1, 4, 12, tzinfo=OSLO), chance))
    return source


def app(
    source: FakeSource,
    clock: Callable[[], datetime],
    houses: Houses | None = None,
    cuts: Cuts | None = None,
) -> Starlette:
    """Return the pages, without the API beside them."""
    hub, known = Hub(source.pulse, every_s=0.1), houses or Houses()
    published = cuts or beside(known)
    return Starlette(routes=routes(source, hub, known, SECRET, clock, cuts=published))
