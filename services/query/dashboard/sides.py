"""What *Publikum* asks: a breakdown of one's own and of a group, and what shares are of."""

from collections.abc import Iterable

from msgspec import Struct

from kudos.breakdowns import BREAKDOWNS
from services.query.answer import Answer, Cell
from services.query.dashboard.source import Cuts, Source
from services.query.matrix import PERSONAL, SHARED, row_of
from services.query.question import Period, Published, Question
from services.query.tokens import Asker

_TOLD_BY = {True: "unique_customers", False: "tickets"}


class Sides(Struct, frozen=True):
    """One breakdown of an organisation and of a group; None: there is no such figure."""

    by: str
    scope: str  # the group's
    mine: Answer | None
    theirs: Answer | None
    index: Answer | None
    wholes: tuple[Cell | None, Cell | None]  # mine, theirs: what shares are of

    @property
    def cells(self) -> Iterable[Cell]:
        """Return every cell that may have been withheld."""
        return (cell for answer in (self.mine, self.theirs) if answer for cell in answer.cells)


class About(Struct, frozen=True):
    """Who asks, over which period, and beside which group."""

    who: Asker
    period: Period
    scope: str


def measure(by: str) -> str:
    """Return what is told apart by *by*: persons by who they are, tickets by what they are."""
    return _TOLD_BY[by in PERSONAL]


def asked(by: str, period: Period, kind: str) -> bool:
    """Tell whether a group of *kind* is told apart by *by* over *period*."""
    return row_of(measure(by), kind, period.kind, (by,)) is not None


def shown(period: Period, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the page tells persons apart by, and what it tells sales apart by."""
    personal, shared = (
        tuple(by for by in names if asked(by, period, kind)) for names in (PERSONAL, SHARED)
    )
    return personal, shared


def ask(cuts: Cuts, source: Source, about: About, by: str) -> Sides:
    """Ask for one breakdown of who asks, and of the group beside it."""
    who, period, scope = about.who, about.period, about.scope
    house, of = who.organisation or "", measure(by)
    mine = f"organisation:{house}"
    theirs = cuts.answer(Published(of, scope, period, (by,)), who)
    if by in PERSONAL:
        wholes = [cuts.answer(Published(of, one, period), who) for one in (mine, scope)]
        return Sides(
            by=by,
            scope=scope,
            mine=cuts.answer(Published(of, mine, period, (by,)), who),
            theirs=theirs,
            index=cuts.answer(Published("index", mine, period, (by,), base=scope), who),
            wholes=(_only(wholes[0]), _only(wholes[1])),
        )
    own, whole = None, None
    if by in BREAKDOWNS:
        own = source.ask_many([Question(of, house, period, (by,))])[0]
        whole = Cell({}, sum(cell.value or 0 for cell in own.cells))
    group = cuts.answer(Published(of, scope, period), who)
    return Sides(by, scope, own, theirs, None, (whole, _only(group)))


def _only(answer: Answer) -> Cell | None:
    return answer.cells[0] if len(answer.cells) == 1 else None
