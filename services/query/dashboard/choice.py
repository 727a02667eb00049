"""What a person has chosen: it stands in the address, the same on every page, and can be sent."""

from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from services.query import periods
from services.query.asking import PEERS
from services.query.dashboard import spans
from services.query.measures import MEASURES
from services.query.problems import Refused
from services.query.question import Period

#: As many fit one screen.
MOST = 8
USUAL = (
    "tickets",
    "gross_revenue",
    "orders",
    "average_ticket_price",
    "unique_customers",
    "customer_records",
    "new_customers",
    "returning_customers",
)
_USUAL_PERIOD = "rolling-28"
#: What an organisation is held against until it says something else.
_USUAL_PEERS = "industry"


class Choice(Struct, frozen=True):
    """The period, figures and peers chosen; *not_a_period* was written for one and is none."""

    period: Period
    figures: tuple[str, ...]
    period_given: bool = False
    figures_given: bool = False
    not_a_period: str | None = None
    peers: str = _USUAL_PEERS
    peers_given: bool = False

    def link(self, path: str, **more: str) -> str:
        """Return the address of *path* with what was chosen, and *more*."""
        query: dict[str, str] = {}
        if self.period_given:
            query["period"] = self.period.id
        if self.figures_given:
            query["figures"] = ",".join(self.figures)
        if self.peers_given:
            query["peers"] = self.peers
        # these are as readable in an address as they are anywhere else
        written = urlencode(query | more, safe=",@:/.")
        return f"{path}?{written}" if written else path


def read(
    given: str | None,
    figures: Iterable[str],
    kept: str | None,
    today: date,
    peers: str | None = None,
) -> Choice:
    """Return the choice in an address, else what was *kept* of the figures, else the usual."""
    chosen = known(figures)
    usual = Choice(
        period=spans.containing(_USUAL_PERIOD, today),
        figures=chosen or known([kept or ""]) or USUAL,
        figures_given=bool(chosen),
        peers=peers if peers in PEERS else _USUAL_PEERS,
        peers_given=peers in PEERS,
    )
    if not given:
        return usual
    try:
        return replace(usual, period=periods.parse(given), period_given=True)
    except Refused:
        return replace(usual, not_a_period=given[:40])


def known(figures: Iterable[str]) -> tuple[str, ...]:
    """Return the measures that *figures* name, by commas or one by one; no more than fit."""
    named = (name for text in figures for name in text.split(","))
    return tuple(dict.fromkeys(name for name in named if name in MEASURES))[:MOST]


def asked_for(form: Mapping[str, str]) -> Period | None:
    """Return the period that the form of periods asks for; None where it is not filled in.

    Raises Refused where the days are none.
    """
    try:
        if form.get("kind") in spans.CHOICES and form.get("day"):
            return spans.containing(form["kind"], date.fromisoformat(form["day"]))
        if form.get("from") and form.get("to"):
            days = sorted(date.fromisoformat(form[name]) for name in ("from", "to"))
            return spans.between(*days)
    except ValueError:
        raise Refused(400, "period: there is no such day.") from None
    return None
