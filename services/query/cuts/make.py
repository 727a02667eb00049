"""Make a cut: compute, protect as a whole, keep."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from kudos.register import OSLO, Register
from services.query.cuts import base, benchmarks, members, shared, statements, store
from services.query.cuts.calendar import kind_of
from services.query.cuts.margins import margins
from services.query.cuts.store import Cut, Seen
from services.query.disclosure.model import (
    Cell,
    CellKey,
    Margin,
    Organisation,
    Rules,
    Standing,
    Verdict,
)

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALENDAR = {"month", "quarter", "year", "season"}


class Protect(Protocol):
    """Disclosure control: what of a cut may be published, decided as a whole."""

    def __call__(
        self,
        cells: Iterable[Cell],
        margins: Iterable[Margin],
        organisations: Iterable[Organisation],
        rules: Rules,
        previous: Iterable[Standing] = (),
    ) -> Mapping[CellKey, Verdict]:
        """Return a verdict on every cell."""


Say = Callable[[str, float], object]


def make(
    client: Client,
    register: Register,
    now: datetime,
    protect: Protect,
    *,
    rules: Rules,
    say: Say = lambda _what, _seconds: None,
) -> Cut:
    """Compute all protected figures of the days before *now*'s, protect and keep them.

    *say* is told how many seconds each step took.
    """
    clock = _Clock(say)
    rules = replace(rules, money=rules.money | base.MONEY)
    cut = ((now - _EPOCH) // timedelta(microseconds=1), store.as_of(client))
    today = now.astimezone(OSLO).date()
    held = _membership(client, register, now)
    asked = {
        "members": [
            (s.member.organisation, s.member.industry, s.member.city, s.member.since, s.until)
            for s in held
        ],
        "last": today - _DAY,
    }
    whole = _rows(client, statements.WHOLE, asked) if held else []
    told = _rows(client, statements.BY, asked) if held else []
    clock.step("read")
    owners = {span.member.organisation: span.member.owner for span in held}
    found = base.collect(whole, told, owners, rules)
    made = margins(found.cells)
    houses = members.organisations(held, base.organisations_seen(found))
    before = store.known(client)
    clock.step("cells")
    verdicts = protect(found.cells.values(), made, houses.values(), rules, store.standing(before))
    clock.step("protect")
    published, written = store.write(
        client, cut, (found.cells, found.coverage), verdicts.values(), before
    )
    store.write_benchmarks(client, cut, _benchmarks(found, owners, rules))
    if held:
        store.write_shared(client, cut, _shared(client, register, owners, asked, rules))
    done = Cut(
        cut=cut[0],
        as_of=cut[1],
        last=today - _DAY,
        scopes=found.scopes,
        cells=len(found.cells),
        published=published,
        written=written,
        done_at=datetime.now(UTC),
    )
    store.complete(client, done)
    clock.step("keep")
    return done


class _Clock:
    def __init__(self, say: Say) -> None:
        self._say, self._at = say, time.monotonic()

    def step(self, what: str) -> None:
        now = time.monotonic()
        self._say(what, now - self._at)
        self._at = now


def _rows(client: Client, sql: str, asked: Mapping[str, Any]) -> list[Sequence[Any]]:
    found: list[Sequence[Any]] = client.query(
        sql, parameters=dict(asked), settings=statements.SETTINGS
    ).result_rows  # type: ignore[assignment]  # rows are tuples
    return found


def _membership(client: Client, register: Register, now: datetime) -> list[members.Span]:
    known = store.members(client)
    today = now.astimezone(OSLO).date()
    new = members.follow(known, register.organisations, today)
    store.add_members(client, new, int(now.timestamp() * 1e6))
    latest = {(m.organisation, m.since): m for m in (*known, *new)}
    return members.spans(latest.values())


def _benchmarks(
    found: base.Cells, owners: Mapping[str, str], rules: Rules
) -> Iterator[benchmarks.Benchmark]:
    by_period: defaultdict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for (house, period), sums in found.own.items():
        if kind_of(period) in _CALENDAR:
            by_period[period][house] = sums
    for period, own in by_period.items():
        for scope in found.scopes:
            if scope.startswith("organisation:"):
                continue
            held = {house: sums for house, sums in own.items() if house in found.houses[scope]}
            for measure in benchmarks.MEASURES if held else ():
                yield benchmarks.benchmark((scope, period, measure), held, owners, rules)


def _shared(
    client: Client,
    register: Register,
    owners: Mapping[str, str],
    asked: Mapping[str, Any],
    rules: Rules,
) -> Iterator[Seen]:
    here = {n: (o.industry, o.county) for n, o in register.organisations.items() if n in owners}
    agreed = {n for n, o in register.organisations.items() if o.cross_use and n in here}
    told = {"last": asked["last"], "houses": sorted(here)}
    told["groups"] = shared.groups_of(here, agreed)
    counts: defaultdict[tuple[str, str], dict[str, tuple[int, int, list[str]]]]
    counts = defaultdict(dict)
    for period, house, name, both, theirs, whom in _rows(client, shared.STATEMENT, told):
        counts[house, period][name] = (both, theirs, whom)
    before = dict(store.shared_before(client))
    for (house, period), held in counts.items():
        now = shared.judge(house, held, agreed=agreed, owners=owners, rules=rules)
        seen = shared.stands(before.get((house, period), ()), now, rules.k)
        yield Seen(house, period, held[""][0], 0, tuple(seen))
