"""The pages of what is published: *Publikum*, *Sammenlign*, *Kryssbruk*, each figure's own."""

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kudos.register import Organisation
from services.query.answer import Answer, Cell
from services.query.asking import PEERS
from services.query.beside import BENCHMARKED, CROSS_USE
from services.query.cuts.benchmarks import MEASURES as COMPARED
from services.query.cuts.store import Cut
from services.query.dashboard import (
    audience,
    compare,
    cross_use,
    figure,
    formats,
    overview,
    peers,
    saying,
    sides,
    visit,
)
from services.query.dashboard.audience import Card
from services.query.dashboard.chooser import chooser
from services.query.dashboard.compare import Benchmark
from services.query.dashboard.endpoint import Page, page
from services.query.dashboard.rendering import respond
from services.query.dashboard.visit import Parts, Visit
from services.query.dashboard.withheld import Withheld, explained
from services.query.dashboard.wording import Texts
from services.query.matrix import PERSONAL, SHARED
from services.query.measure import Measure
from services.query.measures import MEASURES
from services.query.question import Period, PeriodKind, Published
from services.query.tokens import Asker
from services.query.vocabulary import VOCABULARY

#: Beside the audience: how many of one's own were new, came back, and how often they come.
_COMING = ("new_customers", "returning_customers", "reactivated_customers", "visit_frequency")


class Group(Struct, frozen=True):
    """A request to a page about a group."""

    seen: Visit
    who: Asker
    own: Organisation
    cut: Cut
    period: Period
    scope: str
    names: tuple[str, str]  # one's own, and the group's
    frame: dict[str, object]

    def link(self, path: str) -> str:
        """Return the address of *path* with what was chosen."""
        return self.seen.choice.link(path)

    def colleague(self, path: str) -> str:
        """Return the whole address of *path*, with everything in it that a colleague needs."""
        query = [("period", self.period.id), ("peers", self.scope.partition(":")[0])]
        base = str(self.seen.request.base_url.replace(path=""))
        return base + visit.address(path, query)


def routes(parts: Parts) -> list[BaseRoute]:
    """Return the pages and each figure's own."""
    pages = _Pages(parts)

    def route(
        path: str, here: str, kinds: Collection[PeriodKind], show: Callable[[Group], Response]
    ) -> Route:
        return Route(path, page(parts, pages.about(here, kinds, show)))

    return [
        route("/audience", "audience", BENCHMARKED, pages.audience),
        route("/audience/{by}", "audience", BENCHMARKED, pages.breakdown),
        route("/compare", "compare", BENCHMARKED, pages.compare),
        route("/compare/{measure}", "compare", BENCHMARKED, pages.benchmark),
        route("/cross-use", "cross_use", CROSS_USE, pages.cross_use),
    ]


class _Pages:
    """Each page a method."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def about(
        self, here: str, kinds: Collection[PeriodKind], show: Callable[[Group], Response]
    ) -> Page:
        """Return the page *here* of periods of *kinds*; before the first cut it says so."""

        def answer(seen: Visit, own: Organisation) -> Response:
            choice, cut = seen.choice, self._parts.cuts.last()
            period = peers.period(choice.period, kinds, seen.today, given=choice.period_given)
            offered = {kind for kind in kinds if kind != "rolling"}
            frame = visit.frame(seen, here) | {"periods": chooser(seen, period, offered)}
            if cut is None:
                return respond("no_cut.html", frame)
            scope = peers.scope(self._parts, seen, choice.peers)
            names = (own.name, peers.name(seen.texts, scope))
            frame |= {"cut": peers.told(seen.texts, cut), "names": names}
            group = Group(seen, peers.asker(seen), own, cut, period, scope, names, frame)
            return show(group)

        return answer

    def audience(self, group: Group) -> Response:
        """Show who comes."""
        texts, kind = group.seen.texts, group.scope.partition(":")[0]
        by_persons, by_sales = sides.shown(group.period, kind)
        cards = {by: self._card(group, by) for by in (*by_persons, *by_sales)}
        whole = self._whole(group)
        coming = overview.ask(
            self._parts.source, group.own.id, _COMING, group.period, group.seen.today
        )
        cells = [cell for card in cards.values() for cell in card.cells]
        values = {
            "sentence": next((c.sentence for c in cards.values()), texts("audience.nothing")),
            "persons": [cards[by] for by in by_persons],
            "sales": [cards[by] for by in by_sales],
            "tiles": overview.page(texts, group.own.currency, coming, group.seen.today).tiles,
            "withheld": self._withheld(group, cells),
            "facts": _facts(group, whole),
        }
        return respond("audience.html", group.frame | self._peers(group) | values)

    def breakdown(self, group: Group) -> Response:
        """Show one breakdown of the audience, with its definition, table, files and address."""
        by, texts = group.seen.request.path_params["by"], group.seen.texts
        language = texts.language
        if by not in (*PERSONAL, *SHARED):
            return self._none_such(group, by, [(b, VOCABULARY[b]) for b in (*PERSONAL, *SHARED)])
        measure = MEASURES[sides.measure(by)]
        kind = group.scope.partition(":")[0]
        card = self._card(group, by, large=True) if sides.asked(by, group.period, kind) else None
        mine = f"organisation:{group.own.id}"
        files = [(group.names[1], f"measure={measure.id}&scope={group.scope}")]
        if by in PERSONAL:
            index = f"measure=index&scope={mine}&base={kind}"
            files.append((texts("audience.index"), index))
        if by in PERSONAL or by not in {"ticket_class", "genre"}:
            files.insert(0, (group.names[0], f"measure={measure.id}&scope={mine}"))
        values = {
            "back": ("/audience", texts("site.audience")),
            "title": VOCABULARY[by].name[language],
            "sentence": card.sentence if card else texts("audience.not_of_period"),
            "picture": card.picture if card else None,
            "table": card.table if card else None,
            "hints": card.hints if card else (),
            "definitions": [VOCABULARY[by].definition[language], _definition(texts, measure)],
            "definition_id": f"{measure.id}@{measure.version}",
            "downloads": _files(files, f"figures?period={group.period.id}&by={by}"),
            "address": group.colleague(f"/audience/{by}"),
            "withheld": self._withheld(group, card.cells if card else ()),
            "facts": _facts(group, self._whole(group)),
        }
        return respond("beside.html", group.frame | self._peers(group) | values)

    def compare(self, group: Group) -> Response:
        """Show every measure's benchmark."""
        found = [self._compared(group, measure) for measure in COMPARED]
        values = {
            "page": compare.page(group.seen.texts, found, group.names),
            "withheld": self._withheld(group, map(compare.cell, found)),
            "facts": _facts(group, self._whole(group)),
        }
        return respond("compare.html", group.frame | self._peers(group) | values)

    def benchmark(self, group: Group) -> Response:
        """Show one measure's benchmark, with its definition, table, files and address."""
        measure, texts = group.seen.request.path_params["measure"], group.seen.texts
        if measure not in COMPARED:
            return self._none_such(group, measure, [(m, MEASURES[m]) for m in COMPARED])
        found, kind = self._compared(group, measure), group.scope.partition(":")[0]
        whole = self._parts.cuts.answer(Published(measure, group.scope, group.period), group.who)
        definition = _definition(texts, MEASURES[measure])
        total = saying.value(texts, whole.unit, whole.cells[0]) if whole.cells else ""
        values = {
            "back": ("/compare", texts("site.compare")),
            "title": MEASURES[measure].name[texts.language],
            "sentence": compare.sentence(texts, found, group.names[1]),
            "picture": compare.picture(texts, found, group.names),
            "table": None,
            "hints": [texts("compare_page.total", group=group.names[1], value=total)],
            "definitions": [definition, texts("compare_page.definition")],
            "definition_id": found["definition"],
            "downloads": _files(
                [(texts("site.compare"), f"measure={measure}&peers={kind}")],
                f"benchmark?period={group.period.id}",
            ),
            "address": group.colleague(f"/compare/{measure}"),
            "withheld": self._withheld(group, [compare.cell(found), *whole.cells]),
            "facts": _facts(group, whole),
        }
        return respond("beside.html", group.frame | self._peers(group) | values)

    def cross_use(self, group: Group) -> Response:
        """Show where else one's own customers go."""
        texts = group.seen.texts
        found = self._parts.cuts.shared(group.period.id, group.who)
        names = {n: one.name for n, one in self._parts.register.now.organisations.items()}
        values = {
            "page": cross_use.page(texts, found, names),
            "withheld": self._withheld(group, cross_use.cells(found)),
            "consent": texts("cross_use.agreed" if group.own.cross_use else "cross_use.not_agreed"),
            "definitions": [texts("cross_use.definition")],
            "definition_id": found["definition"],
            "downloads": _files(
                [(texts("site.cross_use"), "")], f"cross-use?period={group.period.id}"
            ),
            "address": group.colleague("/cross-use"),
        }
        return respond("cross_use.html", group.frame | values)

    def _card(self, group: Group, by: str, *, large: bool = False) -> Card:
        about = sides.About(group.who, group.period, group.scope)
        found = sides.ask(self._parts.cuts, self._parts.source, about, by)
        return audience.card(group.seen.texts, found, group.names, large=large)

    def _compared(self, group: Group, measure: str) -> Benchmark:
        kind = group.scope.partition(":")[0]
        return self._parts.cuts.compared(measure, kind, group.period.id, group.who)

    def _whole(self, group: Group) -> Answer:
        question = Published("unique_customers", group.scope, group.period)
        return self._parts.cuts.answer(question, group.who)

    def _peers(self, group: Group) -> dict[str, object]:
        """Return the choice of peer groups."""
        found = []
        for kind in PEERS:
            scope = peers.scope(self._parts, group.seen, kind)
            name = peers.name(group.seen.texts, scope)
            found.append((_capital(name), group.seen.same(peers=kind), scope == group.scope))
        return {"groups": found}

    def _withheld(self, group: Group, cells: Iterable[Cell]) -> Withheld | None:
        return explained(self._parts, group.seen, group.period, cells)

    def _none_such(self, group: Group, given: str, there: Sequence[tuple[str, object]]) -> Response:
        language, path = group.seen.texts.language, group.seen.request.url.path
        base = path.rpartition("/")[0]
        values = {
            "given": given[:40],
            "measures": [(id_, one.name[language]) for id_, one in there],  # type: ignore[attr-defined]  # both kinds have names
            "base": base,
        }
        return respond("no_figure.html", group.frame | values, 404)


def _definition(texts: Texts, measure: Measure) -> str:
    """Say what is counted: of what is published, persons of the whole network."""
    if measure.id == "unique_customers":
        return texts("published.persons")
    return measure.definition[texts.language]


def _files(named: Sequence[tuple[str, str]], question: str) -> list[figure.Download]:
    """Return the addresses of files: of each name in each form, its parameters after *question*."""
    return [
        figure.Download(
            f"{_capital(name)}: {form}" if len(named) > 1 else form,
            f"/v1/{question}{'&' if more else ''}{more}&format={ending}",
        )
        for name, more in named
        for form, ending in figure.FORMATS
    ]


def _facts(group: Group, whole: Answer) -> list[str]:
    """Say how many organisations a group is, and for how much its customers are known."""
    texts = group.seen.texts
    if not whole.organisations:
        return []
    many = formats.number(whole.organisations, texts.language)
    found = [texts("peers.organisations", group=_capital(group.names[1]), n=many)]
    if whole.coverage is not None:
        share = formats.percent(whole.coverage, texts.language)
        found.append(texts("figure.coverage", share=share))
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
