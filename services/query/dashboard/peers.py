"""Groups beside an organisation: what they are called, and which of their periods is shown."""

from collections.abc import Collection
from datetime import UTC, date, timedelta

from kudos.register import OSLO
from services.query.asking import peers as scope_of
from services.query.cuts.store import Cut
from services.query.dashboard import formats, spans
from services.query.dashboard.labels import COUNTIES
from services.query.dashboard.visit import Parts, Visit
from services.query.dashboard.wording import Texts
from services.query.question import Period, PeriodKind
from services.query.tokens import Asker, holder

#: So many days a period of the kind has at most: where a longer one was chosen, the next is shown.
_LENGTHS: tuple[tuple[PeriodKind, int], ...] = (("month", 31), ("quarter", 92), ("year", 366))
_YEAR = timedelta(days=364)


def asker(seen: Visit) -> Asker:
    """Return who asks; only for who is signed in."""
    assert seen.token is not None  # noqa: S101 (others have been sent to the entrance)
    return holder(seen.token)


def scope(parts: Parts, seen: Visit, kind: str) -> str:
    """Return the scope of the peer group of *kind* of who asks."""
    return scope_of(kind, asker(seen), parts.register.now.organisations.__getitem__)


def beside(parts: Parts, seen: Visit) -> list[str]:
    """Return the scopes that one's own figures stand beside: what was chosen, else two."""
    chosen = seen.choice
    kinds = (chosen.peers,) if chosen.peers_given else ("industry", "region")
    return [scope(parts, seen, kind) for kind in kinds]


def name(texts: Texts, scope: str) -> str:
    """Name *scope* as it stands within a sentence: ``scenekunst``, ``Oslo``, ``alle``."""
    kind, _, which = scope.partition(":")
    industry, _, place = which.rpartition("/")
    match kind:
        case "industry":
            return texts(f"industries.{which}")
        case "region":
            return COUNTIES.get(which, which)
        case "city":
            return texts("peers.city", number=which)
        case "industry-region":
            of = texts(f"industries.{industry}")
            return texts("peers.both", industry=of, region=COUNTIES.get(place, place))
    return texts("peers.network")


def period(chosen: Period, kinds: Collection[PeriodKind], today: date, *, given: bool) -> Period:
    """Return the period of *kinds* that is shown for *chosen*: that, or the one around its end.

    Where none was *given* it is this year or this season, whichever began first: the other may
    have only just begun.
    """
    if not given:
        some = [spans.containing(kind, today) for kind in ("year", "season")]
        return min(some, key=lambda one: one.begins)
    if chosen.kind in kinds and (chosen.kind != "rolling" or _ends_with_a_month(chosen)):
        return chosen
    days = (chosen.ends - chosen.begins).days + 1
    fitting = (kind for kind, most in _LENGTHS if kind in kinds and days <= most)
    day = min(chosen.ends, max(today, chosen.begins))
    return spans.containing(next(fitting, "year"), day)


def _ends_with_a_month(chosen: Period) -> bool:
    """Tell whether *chosen* is one of the windows of a year that are published."""
    last = spans.containing("month", chosen.ends).ends
    return chosen.ends == last and chosen.ends - chosen.begins == _YEAR


def told(texts: Texts, cut: Cut) -> dict[str, object]:
    """Return up to when the cut counts, and when it was made."""
    # what has no zone is UTC, as all that is kept
    at = cut.done_at if cut.done_at.tzinfo else cut.done_at.replace(tzinfo=UTC)
    local = at.astimezone(OSLO)
    return {
        "last": formats.day(cut.last, texts.language),
        "at": at,
        "made": f"{formats.day(local.date(), texts.language)} "
        + formats.clock(local.hour * 60 + local.minute),
    }
