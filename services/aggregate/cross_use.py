"""Cross-use: whom organisations have in common, by period; with what shares and lift follow from.

Persons who were at the same places are counted once for all: there are far fewer such patterns than
persons, so that a period costs what finding its persons costs.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from kudos.metrics import REFRESH_SECONDS
from services.aggregate.rolling import LONGEST, WINDOWS
from services.aggregate.scopes import HOUSES, SETTINGS

_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)
#: Days of periods a statement: all that today's sales touch are one.
_DAYS = 1500
_STATEMENT = f"""
INSERT INTO cross_use (period, organisation, begins, ends, generation, customers, network,
    other.kind, other.name, other.shared)
WITH
    {{periods:Array(Tuple(String, Date, Date))}} AS periods,
    (SELECT arraySort(groupArray((toString(organisation), toString(industry)))) FROM ({HOUSES}))
        AS houses,
    -- a place is a number while persons are found: of the house, and its county
    patterns AS (
        SELECT period, count() AS persons, arrayMap(
            x -> (houses[intDiv(x, 100) AS h].1, houses[h].2, leftPad(toString(x % 100), 2, '0')),
            places) AS seen
        FROM (
            SELECT nth, person, arraySort(arrayDistinct(groupArray(place))) AS places
            FROM (
                SELECT day, person, toUInt32(house * 100 + toUInt8OrZero(left(city, 2))) AS place
                FROM (
                    SELECT day, indexOf(houses.1, toString(organisation)) AS house, customer.person,
                        customer.city
                    FROM visits FINAL
                    WHERE day BETWEEN arrayMin(periods.2) AND arrayMax(periods.3)
                ) ARRAY JOIN customer.person AS person, customer.city AS city
                WHERE house != 0
            ) ARRAY JOIN periods.2 AS begins, periods.3 AS ends,
                arrayMap(x -> toUInt8(x), arrayEnumerate(periods)) AS nth
            WHERE day BETWEEN begins AND ends
            GROUP BY nth, person
        ) GROUP BY periods[nth].1 AS period, places
    ),
    -- the network, '', is beside everybody
    lines AS (
        SELECT period, organisation, persons,
            arrayFilter(x -> x.1 != organisation, seen) AS others,
            length(arrayDistinct(seen.1)) AS many
        FROM patterns ARRAY JOIN arrayPushFront(arrayDistinct(seen.1), '') AS organisation
    ),
    shared AS (
        SELECT period, organisation, o, sum(persons) AS n
        FROM lines ARRAY JOIN arrayDistinct(arrayConcat(
            [('customers', ''), ('many', toString(many))],
            arrayMap(x -> ('organisation', x.1), others),
            arrayMap(x -> ('industry', x.2), others),
            arrayMap(x -> ('region', x.3), others)
        )) AS o
        GROUP BY period, organisation, o
    ),
    -- so that every organisation has a row, whoever has left it
    every AS (
        SELECT arrayJoin(periods.1) AS period, organisation FROM (
            SELECT DISTINCT scope AS organisation FROM scopes
            WHERE scope_kind IN ('organisation', 'network')
        )
    )
SELECT period, organisation, begins, ends, {{generation:UInt64}}, own,
    max(own) OVER (PARTITION BY period), (arraySort(others) AS all).1, all.2, all.3
FROM (
    SELECT period, organisation, sumIf(n, o.1 = 'customers') AS own,
        groupArrayIf((o.1, o.2, n), o.1 NOT IN ('', 'customers')) AS others
    FROM (
        SELECT * FROM shared
        UNION ALL SELECT period, organisation, ('', ''), 0 FROM every
    ) GROUP BY period, organisation
) AS told
INNER JOIN (SELECT p.1 AS period, p.2 AS begins, p.3 AS ends FROM (SELECT arrayJoin(periods) AS p))
    AS named USING (period)
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


class Period(NamedTuple):
    """What cross-use is told of: its name, as in questions, and its days."""

    id: str
    begins: date
    ends: date

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.ends - self.begins).days + 1


def calendar(day: date) -> tuple[Period, Period, Period]:
    """Return the month, the year and the season that *day* is in."""
    season = day.year if day.month >= 8 else day.year - 1
    return (
        Period(f"{day:%Y-%m}", day.replace(day=1), _month_end(day)),
        Period(f"{day.year:04d}", date(day.year, 1, 1), date(day.year, 12, 31)),
        Period(f"season-{season:04d}", date(season, 8, 1), date(season + 1, 7, 31)),
    )


def moving(last: date) -> list[Period]:
    """Return the windows that end with *last*."""
    return [Period(f"rolling-{w}", last - (w - 1) * _DAY, last) for w in WINDOWS]


def at_month_ends(first: date, last: date) -> Iterator[Period]:
    """Yield the longest windows that end with a month's last day from *first* to *last*."""
    ends = _month_end(first)
    while ends <= last:
        yield Period(f"rolling-{LONGEST}@{ends}", ends - (LONGEST - 1) * _DAY, ends)
        ends = _month_end(ends + _DAY)


def touched(days: Iterable[date], last: date) -> set[Period]:
    """Return the periods, as of *last*, that hold any of *days*."""
    found: set[Period] = set()
    for day in set(days):
        found.update(calendar(day))
        found.update(at_month_ends(day, min(day + (LONGEST - 1) * _DAY, last)))
        found.update(p for p in moving(last) if p.begins <= day <= p.ends)
    return found


def begun(before: date, last: date) -> set[Period]:
    """Return the periods that are other ones on *last* than they were on the day *before*."""
    return {*moving(last), *at_month_ends(before + _DAY, last)}


def recompute(
    client: Client,
    periods: Iterable[Period],
    last: date,
    generation: int,
    settings: Mapping[str, Any] = SETTINGS,
) -> None:
    """Write every organisation's row of *periods* as they follow from the visits now.

    Of two that computed at one generation on two days the later day's stands. *settings* are
    ``WIDE`` where all is made anew.
    """
    version = generation << 16 | (last - _EPOCH).days
    for portion in portions(periods):
        asked = {"periods": portion, "generation": version}
        with REFRESH_SECONDS.labels("cross_use").time():
            client.raw_query(_STATEMENT, parameters=asked, settings=dict(settings))


def portions(periods: Iterable[Period]) -> Iterator[list[Period]]:
    """Yield *periods*, the newest first, as many at a time as one statement should take."""
    portion: list[Period] = []
    for period in sorted(periods, key=lambda p: (p.ends, p.days), reverse=True):
        if portion and sum(p.days for p in portion) + period.days > _DAYS:
            yield portion
            portion = []
        portion.append(period)
    if portion:
        yield portion


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
