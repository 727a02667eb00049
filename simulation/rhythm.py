"""When people buy: the shape of the year, the week and the day."""

import math
import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import accumulate

from kudos.register import OSLO
from simulation.houses import House

#: Sales by month of houses with a winter season, of those open alike all year, of summer's.
_MONTHS = {
    "winter": (9, 10, 10, 8, 6, 3, 1, 8, 11, 12, 12, 10),
    "steady": (7, 8, 8, 8, 8, 8, 9, 8, 9, 9, 9, 9),
    "summer": (2, 3, 4, 5, 10, 18, 24, 18, 6, 4, 3, 3),
}
_WEEKDAYS = (12, 13, 14, 16, 18, 15, 12)
#: From midnight on: lunch, the evening at home, a few after midnight.
_HOURS = (3, 1, 1, 1, 1, 2, 4, 9, 18, 30, 36, 38, 40, 34, 32, 34, 36, 38, 42, 44, 46, 40, 24, 10)
_HOUR_SUMS = list(accumulate(_HOURS))
#: Days from purchase to performance: the least, the most, how many in a hundred.
_LEADS = ((0, 1, 14), (1, 3, 14), (3, 8, 19), (8, 31, 28), (31, 92, 18), (92, 210, 7))
_LEAD_SUMS = list(accumulate(often for _, _, often in _LEADS))


def open_on(house: House, day: date) -> bool:
    """Tell whether *house* plays on *day*."""
    if house.industry == "festival":
        return (day.month in (6, 7, 8)) if house.rhythm == "summer" else (day.month in (1, 2))
    return not (house.rhythm == "winter" and day.month == 7)


def sales_weight(house: House, day: date) -> float:
    """Return how much *house* sells on *day*, beside others and other days."""
    month = _MONTHS[house.rhythm][day.month - 1] / 8
    return math.pow(house.tickets, 0.7) * month * _WEEKDAYS[day.weekday()] / 14


def days_between(begins: datetime, until: datetime) -> list[date]:
    """Return the local days from *begins* to before *until*."""
    first, last = begins.astimezone(OSLO).date(), until.astimezone(OSLO)
    count = (last.date() - first).days + (last.time() > time(0))
    return [first + timedelta(days=n) for n in range(count)]


def times_of_day(day: date, count: int, chance: random.Random) -> Iterator[datetime]:
    """Yield *count* moments of *day*, as people buy over the day, in order."""
    hours = (_draw(chance, _HOUR_SUMS) for _ in range(count))
    for seconds in sorted(hour * 3600 + chance.randrange(3600) for hour in hours):
        clock = datetime.combine(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60))
        yield clock.replace(tzinfo=OSLO)


def lead_days(chance: random.Random) -> float:
    """Return how many days before a performance somebody buys."""
    least, most, _ = _LEADS[_draw(chance, _LEAD_SUMS)]
    return chance.uniform(least, most)


def _draw(chance: random.Random, sums: list[int]) -> int:
    return bisect_left(sums, chance.random() * sums[-1])
