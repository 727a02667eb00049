"""What is withheld: how much, why, and what may be asked in its place."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

from msgspec import Struct

from services.query.answer import Cell
from services.query.asking import PEERS
from services.query.dashboard import formats, peers, saying, spans
from services.query.dashboard.visit import Parts, Visit
from services.query.dashboard.wording import Texts
from services.query.question import Period

#: How a figure that is not shown is printed: never as 0, and never as nothing.
SIGN = ":"
#: Where too little is shown of a period, these show more.
_LONG = ("season", "year")


class Withheld(Struct, frozen=True):
    """Why some of what a page shows is not shown; *instead*: names and addresses."""

    sentence: str
    instead: tuple[tuple[str, str], ...]


def is_withheld(why: str | None) -> bool:
    """Tell whether *why* is a rule's: what is undefined is withheld from nobody."""
    return why is not None and why != "undefined"


def explain(
    texts: Texts,
    cells: Iterable[Cell],
    link: Callable[[str], str | None],
    longer: Iterable[tuple[str, str]] = (),
) -> Withheld | None:
    """Say how many of *cells* are withheld and why; None where none is.

    *link* is the address of a wider group's page, None where there is none; *longer* are longer
    periods, which are named where a group has no wider one, or the figures are one's own.
    """
    hidden = [cell for cell in cells if is_withheld(cell.why)]
    if not hidden:
        return None
    found = Counter(cell.why for cell in hidden)
    reasons = ", ".join(
        f"{texts(f'why.{why}')} ({formats.number(many, texts.language)})"
        for why, many in found.most_common()
    )
    wider = dict.fromkeys(cell.instead for cell in hidden if cell.instead)
    links = [(peers.name(texts, scope), link(scope)) for scope in wider]
    instead = [(name, address) for name, address in links if address is not None]
    if any(cell.instead is None for cell in hidden):
        instead += longer
    return Withheld(texts.count("withheld.some", len(hidden)) + f" {reasons}.", tuple(instead))


def explained(
    parts: Parts, seen: Visit, period: Period, cells: Iterable[Cell], *, last: date = date.max
) -> Withheld | None:
    """Explain what is withheld of *cells*, by links of the page that is seen.

    Longer periods are named where they are over by *last*.
    """

    def link(scope: str) -> str | None:
        kind = scope.partition(":")[0]
        known = kind in PEERS and peers.scope(parts, seen, kind) == scope
        return seen.same(peers=kind) if known else None

    around = [spans.containing(kind, period.ends) for kind in _LONG]
    longer = [
        (saying.period(seen.texts, one), seen.same(period=one.id))
        for one in around
        if one.ends - one.begins > period.ends - period.begins and one.ends <= last
    ]
    return explain(seen.texts, cells, link, longer)
