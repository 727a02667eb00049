"""How a line falls into breakdowns, in the words of ``kudos.sums`` and ``kudos.profiles``.

Personal attributes are the person's current profile; age is on the line's day, and place the
order's own, else the profile's. Own words of ticket types and genres are mapped by the register.
"""

from typing import get_args

from kudos.breakdowns import BREAKDOWNS, UNKNOWN
from kudos.profiles import age_band
from kudos.register import Genre


def _known(word: str) -> str:
    return f"if({word} = '', '{UNKNOWN}', {word})"


def _shared(name: str) -> str:
    """Return a breakdown by what was sold, with nothing where a line has no value."""
    one = BREAKDOWNS[name]
    return f"if({one.holds}, {one.sql}, '')" if one.holds else one.sql


#: How a line falls into each; '' is in none.
VALUES = {
    "age_band": age_band("birth", "day"),
    "gender": _known("stated_gender"),
    "county": _known("place.1"),
    "municipality": _known("place.2"),
    "centrality": _known("place.3"),
    "segment": _known("stated_segment"),
    "ticket_class": "if(mapContains(ticket_classes, ticket_type), ticket_classes[ticket_type], "
    "'other')",
    "genre": f"multiIf(mapContains(genres, genre), genres[genre], genre = '', '{UNKNOWN}', "
    f"genre IN {get_args(Genre)}, genre, 'other')",
    "channel": _shared("channel"),
    "price_band": _shared("price_band"),
    "lead_time": _shared("lead_time"),
    "weekday_hour": _shared("weekday_hour"),
    "party_size": "multiIf(party = 0, '', party = 1, '1', party = 2, '2', party < 5, '3-4', "
    "party < 10, '5-9', '10+')",
}
