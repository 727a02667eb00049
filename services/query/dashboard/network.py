"""*Grupper*: what the network's own role sees, the published figures of any group, and no one's."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from kudos.breakdowns import UNKNOWN
from services.query import periods
from services.query.answer import Answer, Cell
from services.query.beside import BENCHMARKED
from services.query.cuts.store import Cut
from services.query.dashboard import bars, figure, formats, peers, saying, visit
from services.query.dashboard.bars import Bar
from services.query.dashboard.chooser import chooser
from services.query.dashboard.drawing import draw
from services.query.dashboard.entrance import message, to
from services.query.dashboard.labels import label
from services.query.dashboard.picture import Picture, Table, table
from services.query.dashboard.rendering import respond
from services.query.dashboard.style import Size
from services.query.dashboard.visit import Parts, Visit
from services.query.dashboard.withheld import SIGN, explain, is_withheld
from services.query.dashboard.wording import Texts
from services.query.matrix import MATRIX
from services.query.measures import MEASURES
from services.query.pool import Away
from services.query.question import Period, Published
from services.query.tokens import Asker
from services.query.vocabulary import VOCABULARY

#: Who comes to a group is told by these.
BY = ("age_band", "gender", "county", "segment")
_MEASURES = next(row.measures for row in MATRIX if row.id == "groups")
_KINDS = ("network", "industry", "region", "city", "industry-region")
_SIZE = Size(276, 0)


def endpoint(parts: Parts) -> Callable[[Request], Response]:
    """Return the endpoint; to everybody but the network's role there is no such page."""

    def answer(request: Request) -> Response:
        seen = visit.of(parts, request)
        if seen.token is None:
            return to(visit.address("/sign-in", [("to", seen.same())]))
        if seen.token.role != "network":
            return message(seen, "not_found", 404)
        who = peers.asker(seen)
        try:
            with parts.cuts.view("groups", who):
                return seen.remember(_page(parts, seen, who))
        except Away:
            return message(seen, "unavailable", 503)

    return answer


def _page(parts: Parts, seen: Visit, who: Asker) -> Response:
    texts, cut = seen.texts, parts.cuts.last()
    period = peers.period(
        seen.choice.period, BENCHMARKED, seen.today, given=seen.choice.period_given
    )
    frame = visit.frame(seen, "groups") | {"periods": chooser(seen, period, BENCHMARKED)}
    if cut is None:
        return respond("no_cut.html", frame)
    scopes = scopes_of(cut)
    wanted = seen.request.query_params.get("scope", "network")
    scope = wanted if wanted in scopes else "network"
    asked = _Asked(parts, who, period, scope)
    name = peers.name(texts, scope)
    rows, cells = _measures(texts, asked)
    told = [(by, asked.answer("unique_customers", by)) for by in BY]
    cells += [cell for _, found in told for cell in found.cells]
    whole = asked.answer("unique_customers")

    def link(other: str) -> str | None:
        return seen.same(scope=other) if other in scopes else None

    values = {
        "title": name[:1].upper() + name[1:],
        "sentence": _sentence(texts, whole),
        "groups": [(_named(texts, one), seen.same(scope=one), one == scope) for one in scopes],
        "groups_title": "groups.choose",
        "figures": {"title": texts("groups.figures"), "table": rows},
        "pictures": [_picture(texts, by, found) for by, found in told],
        "withheld": explain(texts, cells, link),
        "downloads": _files(texts, f"scope={scope}&period={period.id}"),
        "address": str(seen.request.base_url.replace(path=""))
        + visit.address("/groups", [("period", period.id), ("scope", scope)]),
        "cut": peers.told(texts, cut),
    }
    return respond("groups.html", frame | values)


def _files(texts: Texts, asked: str) -> list[figure.Download]:
    """Return the addresses of files: of persons in whole, and told apart each way."""
    named = {"": texts("groups.persons")}
    named |= {f"&by={by}": VOCABULARY[by].name[texts.language] for by in BY}
    return [
        figure.Download(
            f"{name}: {form}",
            f"/v1/figures?measure=unique_customers&{asked}{by}&format={ending}",
        )
        for by, name in named.items()
        for form, ending in figure.FORMATS
    ]


def scopes_of(cut: Cut) -> list[str]:
    """Return the groups of a cut, the widest first."""
    found = [one for one in cut.scopes if one.partition(":")[0] in _KINDS]
    return sorted(found, key=lambda one: (_KINDS.index(one.partition(":")[0]), one))


class _Asked:
    """Asks of one group over one period, or the same of the year before."""

    def __init__(self, parts: Parts, who: Asker, period: Period, scope: str) -> None:
        self._parts, self._who, self._scope = parts, who, scope
        self._periods = (period, periods.last_year(period))

    def answer(self, measure: str, by: str = "") -> Answer:
        """Return the answer of the period."""
        return self._ask(measure, self._periods[0], by)

    def before(self, measure: str) -> Answer | None:
        """Return that of the year before; None where there is no such period."""
        period = self._periods[1]
        return None if period is None else self._ask(measure, period, "")

    def _ask(self, measure: str, period: Period, by: str) -> Answer:
        question = Published(measure, self._scope, period, (by,) if by else ())
        return self._parts.cuts.answer(question, self._who)


def _named(texts: Texts, scope: str) -> str:
    name = peers.name(texts, scope)
    return name[:1].upper() + name[1:]


def _sentence(texts: Texts, whole: Answer) -> str:
    cell = whole.cells[0]
    if cell.value is None:
        return texts("groups.withheld")
    persons, many = (formats.number(n, texts.language) for n in (cell.value, whole.organisations))
    return texts("groups.sentence", persons=persons, n=many)


def _measures(texts: Texts, asked: _Asked) -> tuple[Table, list[Cell]]:
    """Return every measure of the group beside the year before, and the cells of it."""
    rows, cells = [], []
    for name in _MEASURES:
        now, before = asked.answer(name), asked.before(name)
        cell, then = now.cells[0], before.cells[0] if before else None
        cells += [cell, *([then] if then else [])]
        change = saying.difference(texts, saying.change(now.unit, cell, then))
        why = texts(f"why.{cell.why}") if is_withheld(cell.why) else ""
        written = [saying.value(texts, now.unit, one) if one else "" for one in (cell, then)]
        rows.append([MEASURES[name].name[texts.language], *written, change or "", why])
    head = [texts(f"groups.head_{name}") for name in ("measure", "value", "before", "change")]
    return table([*head, texts("withheld.why")], rows), cells


def _picture(texts: Texts, by: str, found: Answer) -> Picture:
    title = VOCABULARY[by].name[texts.language]
    known = [cell for cell in found.cells if cell.value is not None and by in cell.by]
    whole = sum(cell.value or 0 for cell in known) or 1

    def share(cell: Cell) -> str:
        return formats.percent((cell.value or 0) / whole, texts.language, 0)

    shown: Sequence[Bar] = [
        # what is withheld stands there too, as no bar and with why
        Bar(label(texts, by, cell.by[by]), (cell.value or 0) / whole, share(cell))
        if cell.value is not None
        else Bar(label(texts, by, cell.by[by]), 0, f"{SIGN} {texts(f'why.{cell.why}')}")
        for cell in found.cells
        if by in cell.by
    ]
    rows = [
        [
            label(texts, by, cell.by[by]),
            saying.value(texts, found.unit, cell),
            texts(f"why.{cell.why}") if is_withheld(cell.why) else "",
        ]
        for cell in found.cells
        if by in cell.by
    ]
    top = max(
        (cell for cell in known if cell.by[by] != UNKNOWN),
        key=lambda cell: cell.value or 0,
        default=None,
    )
    said = texts("groups.nothing")
    if top is not None:
        said = texts("groups.top", name=label(texts, by, top.by[by]), share=share(top))
    head = [title, texts("groups.persons"), texts("withheld.why")]
    drawn = draw(bars.bars(shown or [Bar("", 0, SIGN)], _SIZE), texts.language)
    return Picture(
        f"groups-{by}", title, said[:1].upper() + said[1:], drawn, None, table(head, rows)
    )
