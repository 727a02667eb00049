"""What a house plays: productions, and their performances over the seasons."""

import random
from bisect import bisect_left
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from kudos.register import OSLO
from simulation.houses import House
from simulation.rhythm import open_on

_TITLES = (
    "Vildanda",
    "Et dukkehjem",
    "Havfruen",
    "Måkene",
    "Bruden fra fjellet",
    "Natt og dag",
    "Sommerfuglene",
    "Fjerde akt",
    "Kongen ler",
    "Huset ved sjøen",
    "Lys i mørket",
    "Vårofferet",
    "Stjerneskudd",
    "Den siste båten",
    "Nordlys",
    "Ferdaminne",
)
_STARTS = ((18, 0), (19, 0), (19, 0), (19, 30), (20, 0), (13, 0))
#: Tickets that are on sale for days to come lie at most this far ahead.
AHEAD = timedelta(days=220)


class Performance(Struct, frozen=True):
    """One dated event; admission to a museum has neither number nor time."""

    number: int | None
    production: str
    venue: str
    genre: str
    starts_at: datetime | None  # aware


class Programme:
    """The performances of one house from *begins* to well past *until*, by their start."""

    def __init__(self, house: House, seed: int, begins: datetime, until: datetime) -> None:
        chance = random.Random(f"{seed}/programme/{house.id}")
        self._admission = [
            Performance(None, f"Utstilling: {title}", venue, house.genre, None)
            for title in chance.sample(_TITLES, 3)
            for venue in house.halls
        ]
        days = [
            begins.astimezone(OSLO).date() + timedelta(days=n)
            for n in range((until + AHEAD - begins).days)
        ]
        played = _played(house, days, chance) if house.productions else []
        self.performances = sorted(played, key=_start)
        self._starts = [_start(p) for p in self.performances]

    def draw(self, at: datetime, lead_days: float, chance: random.Random) -> Performance | None:
        """Return what is played about *lead_days* after *at*, admission, or None: nothing is on."""
        if not self.performances:
            return chance.choice(self._admission)
        wanted = at + timedelta(days=lead_days)
        place = min(bisect_left(self._starts, wanted), len(self._starts) - 1)
        # an hour after its start the box office is closed
        if self._starts[place] < at - timedelta(hours=1):
            return None
        return self.performances[place]


def _played(house: House, days: list[date], chance: random.Random) -> list[Performance]:
    open_days = [day for day in days if open_on(house, day)]
    if not open_days:
        return []
    made: list[Performance] = []
    count = max(3, round(house.productions * len(days) / 365))
    for number in range(count):
        title = f"{_TITLES[number % len(_TITLES)]} {number // len(_TITLES) + 1}"
        first = int(len(open_days) * (number + chance.random()) / count)
        run = chance.choice((1, 1, 2, 6, 14))
        hall = chance.choice(house.halls)
        for day in open_days[first : first + run]:
            hour, minute = chance.choice(_STARTS)
            starts_at = datetime.combine(day, time(hour, minute), OSLO)
            made.append(Performance(40_000 + len(made), title, hall, house.genre, starts_at))
    return made


def _start(performance: Performance) -> datetime:
    assert performance.starts_at is not None  # noqa: S101 (what is played has a time)
    return performance.starts_at
