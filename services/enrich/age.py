"""Age on the day of purchase."""

from datetime import MAXYEAR, date, datetime

from kudos.register import OSLO

UNKNOWN = "unknown"
#: The first age of each band, and its name.
BANDS = (
    (75, "75+"),
    (65, "65-74"),
    (55, "55-64"),
    (45, "45-54"),
    (35, "35-44"),
    (25, "25-34"),
    (16, "16-24"),
    (0, "0-15"),
)
#: Nobody is known to have lived much longer; it is a mistyped year.
_OLDEST = 120


def age_band(birth: str | None, sold_at: datetime) -> str:
    """Return the band of who was born in *birth* (yyyy-mm or yyyy) on the local day of *sold_at*.

    As if born on the first of the month, a year alone on 1 July.
    """
    # datetime's last year has no local end
    unknown = birth is None or sold_at.year == MAXYEAR
    age = None if unknown else years(birth or "", sold_at.astimezone(OSLO).date())
    if age is None or age > _OLDEST:
        return UNKNOWN
    return next((band for first, band in BANDS if age >= first), UNKNOWN)


def years(birth: str, day: date) -> int | None:
    """Return the whole years from *birth* to *day*, below 0 before it; None where it is no date."""
    year, _, month = birth.partition("-")
    if not (year.isdecimal() and (month or "7").isdecimal()):
        return None
    return day.year - int(year) - (day.month < int(month or 7))
