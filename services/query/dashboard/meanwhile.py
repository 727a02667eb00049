"""What groups did meanwhile: the change of a figure from the year before, ours beside others'."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from services.query import periods
from services.query.answer import Answer, Cell
from services.query.beside import BENCHMARKED
from services.query.cuts.store import Cut
from services.query.dashboard import peers, saying, spans
from services.query.dashboard.source import Cuts, Source
from services.query.dashboard.withheld import SIGN, is_withheld
from services.query.dashboard.wording import Texts
from services.query.matrix import row_of
from services.query.measures import MEASURES
from services.query.question import Period, Published, Question
from services.query.tokens import Asker

#: What groups' money is in.
_GROUPS_MONEY = "NOK"
Pair = tuple[Answer, Answer]  # of the period, and of the year before


class Meanwhile(Struct, frozen=True):
    """One finished period and the same of the year before: one's own answers, and each group's."""

    period: Period
    is_chosen: bool  # it is the period that the page is of
    last: date  # the last day that is published
    own: Mapping[str, Pair]  # by measure; of the chosen period there is none: the page has it
    groups: Mapping[str, Mapping[str, Pair]]  # by scope, by measure


def finished(chosen: Period, cut: Cut) -> Period:
    """Return *chosen* where groups have all of it, else the last month that is over."""
    if chosen.kind in BENCHMARKED and chosen.ends <= cut.last:
        return chosen
    month = spans.containing("month", cut.last)
    return month if month.ends == cut.last else periods.previous(month) or month


def ask(
    cuts: Cuts,
    source: Source,
    who: Asker,
    about: tuple[Sequence[str], Period],
    scopes: Sequence[str],
) -> Meanwhile | None:
    """Ask for the measures and period of *about*; None before the first cut."""
    cut, (wanted, chosen) = cuts.last(), about
    if cut is None or who.organisation is None:
        return None
    period = finished(chosen, cut)
    before = periods.last_year(period)
    measures = [name for name in wanted if row_of(name, "industry", period.kind, ())]
    if before is None or not measures:
        return None
    both = (period, before)

    def pair(name: str, scope: str) -> Pair:
        now, earlier = (cuts.answer(Published(name, scope, p), who) for p in both)
        return now, earlier

    groups = {scope: {name: pair(name, scope) for name in measures} for scope in scopes}
    own: dict[str, Pair] = {}
    if period != chosen:
        asked = [Question(name, who.organisation, p) for name in measures for p in both]
        found = source.ask_many(asked)
        own = {name: (found[2 * n], found[2 * n + 1]) for n, name in enumerate(measures)}
    return Meanwhile(period, period == chosen, cut.last, own, groups)


def cells(found: Meanwhile | None) -> list[Cell]:
    """Return every cell that may have been withheld."""
    pairs = [pair for held in (found.groups if found else {}).values() for pair in held.values()]
    return [cell for pair in pairs for answer in pair for cell in answer.cells]


def note(texts: Texts, found: Meanwhile | None) -> str | None:
    """Say which period groups are told of, and what it is held against."""
    if found is None:
        return None
    return texts("meanwhile.note", period=saying.period(texts, found.period))


def say(
    texts: Texts, found: Meanwhile | None, measure: str, currency: str, *, reasons: bool = True
) -> str | None:
    """Say how a figure changed with each group; None where groups have no such figure.

    Without *reasons* it is short: what is withheld is a colon, which the page explains.
    """
    if found is None or not any(measure in held for held in found.groups.values()):
        return None
    unit = MEASURES[measure].unit

    def change(pair: Pair, money: str) -> str:
        return _change(texts, unit, pair, money, reasons=reasons)

    told = [
        f"{peers.name(texts, scope)} {change(held[measure], _GROUPS_MONEY)}"
        for scope, held in found.groups.items()
    ]
    if measure in found.own:
        told.insert(0, f"{texts('meanwhile.own')} {change(found.own[measure], currency)}")
    listed = " · ".join(told)
    if not reasons and found.is_chosen:
        return texts("meanwhile.short", listed=listed)
    key = "chosen" if found.is_chosen else "other" if reasons else "short_other"
    return texts(f"meanwhile.{key}", period=saying.period(texts, found.period), listed=listed)


def _change(texts: Texts, unit: str, pair: Pair, currency: str, *, reasons: bool) -> str:
    """Write how the one differs from the other, or why that is not known."""
    cells = [_cell(answer, currency) for answer in pair]
    said = saying.difference(texts, saying.change(unit, *cells))
    if said is not None:
        return said
    why = next((cell.why for cell in cells if cell and is_withheld(cell.why)), None)
    if why:
        return f"{SIGN} {texts(f'why.{why}')}" if reasons else SIGN
    return texts("meanwhile.no_earlier") if reasons else "\u2013"


def _cell(answer: Answer, currency: str) -> Cell | None:
    return next((c for c in answer.cells if c.currency in {None, currency}), None)
