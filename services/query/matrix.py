"""The matrix: which measure may be asked of which scope, period and breakdown, live or published.

It is data: validated when it is read, told by OpenAPI, by ``docs/reference.md`` and by refusals.
A row stands for every combination of what it names; a question is answered by the first row that
holds it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, get_args

from msgspec import Struct

from kudos.breakdowns import BREAKDOWNS
from services.query.bases import BASES
from services.query.customers import ORDER_DAYS
from services.query.measures import MEASURES
from services.query.periods import FORMS
from services.query.question import PeriodKind
from services.query.vocabulary import VOCABULARY

ScopeKind = Literal["organisation", "network", "industry", "region", "city", "industry-region"]
Kind = Literal["live", "published"]
SCOPES: Mapping[ScopeKind, str] = {
    "organisation": "organisation:<one's own>",
    "network": "network",
    "industry": "industry:museum",
    "region": "region:46",
    "city": "city:4601",
    "industry-region": "industry-region:museum/46",
}
#: What tells persons apart by who they are; never answered live, not even about oneself.
PERSONAL = ("age_band", "gender", "county", "municipality", "centrality", "segment")
#: What sales are told apart by in words that all organisations share.
SHARED = ("ticket_class", "genre", "channel", "price_band", "lead_time", "weekday_hour")
#: Those of many values, which are asked of long periods.
_FINE = ("municipality", "weekday_hour")
#: Two at once: of these there are enough persons in a cell to speak of.
PAIRS = (("age_band", "gender"), ("age_band", "segment"), ("county", "gender"))

_GROUPS: tuple[ScopeKind, ...] = ("network", "industry", "region", "city", "industry-region")
_WIDE: tuple[ScopeKind, ...] = ("network", "industry", "region")
_CALENDAR: tuple[PeriodKind, ...] = ("month", "quarter", "year", "season")
_LONG: tuple[PeriodKind, ...] = ("year", "season")
_OF_BREAKDOWNS = ("unique_customers", "tickets", "net_revenue")
_OF_GROUPS = (
    *("orders", "tickets", "refunded_tickets", "net_tickets", "gross_revenue", "net_revenue"),
    *("fees", "average_ticket_price", "average_order_value", "party_size", "unique_customers"),
    *("customer_records", "coverage"),
)


class Row(Struct, frozen=True):
    """One row: every combination of what it names may be asked."""

    id: str
    kind: Kind
    name: Mapping[str, str]  # by language
    definition: Mapping[str, str]
    measures: tuple[str, ...]
    scopes: tuple[ScopeKind, ...]
    periods: tuple[PeriodKind, ...]
    #: What it may be told apart by, each a set of breakdowns; () is the whole.
    by: tuple[tuple[str, ...], ...]
    #: Windows of rolling periods, which end with a month; () where none is rolling, or any may be.
    windows: tuple[int, ...] = ()
    #: What an index of its persons may be held against; () where there is none.
    bases: tuple[str, ...] = ()

    def holds(self, measure: str, scope: str, period: str, by: Collection[str]) -> bool:
        """Tell whether it has this measure of this kind of scope and of period, told apart so."""
        told = measure in self.measures and scope in self.scopes and period in self.periods
        return told and tuple(sorted(by)) in self.by


def _singles(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


def _live() -> tuple[tuple[str, ...], ...]:
    names = sorted(BREAKDOWNS)
    pairs = tuple((a, b) for n, a in enumerate(names) for b in names[n + 1 :])
    return ((), *_singles(names), *pairs)


_COARSE = tuple(name for name in (*PERSONAL, *SHARED) if name not in _FINE)

MATRIX: tuple[Row, ...] = (
    Row(
        id="own_live",
        kind="live",
        name={"nb": "Egne tall", "en": "One's own figures"},
        definition={
            "nb": "Eget salg, billetter, penger og egne kunder, i alt og etter det som ble solgt. "
            "Følger salget mens det skjer.",
            "en": "One's own sales, tickets, money and own customers, in all and by what was sold. "
            "Follows sales as they come.",
        },
        measures=tuple(MEASURES),
        scopes=("organisation",),
        periods=tuple(FORMS),
        by=_live(),
    ),
    Row(
        id="own_live_steps",
        kind="live",
        name={"nb": "Egne kunders hyppighet", "en": "How often one's own customers come"},
        definition={
            "nb": "Egne kunder etter hvor mange dager de kjøpte på.",
            "en": "One's own customers by how many days they bought on.",
        },
        measures=("visit_frequency",),
        scopes=("organisation",),
        periods=tuple(FORMS),
        by=(
            (ORDER_DAYS.id,),
            *(tuple(sorted((ORDER_DAYS.id, name))) for name in BREAKDOWNS),
        ),
    ),
    Row(
        id="own_personal",
        kind="published",
        name={"nb": "Eget publikum", "en": "One's own audience"},
        definition={
            "nb": "Om en selv etter personlige kjennetegn: alder, kjønn, sted, segment. Personer "
            "er samlet over hele nettverket.",
            "en": "About oneself by personal attributes: age, gender, place, segment. Persons are "
            "resolved over the whole network.",
        },
        measures=_OF_BREAKDOWNS,
        scopes=("organisation",),
        periods=_CALENDAR,
        by=_singles(name for name in PERSONAL if name not in _FINE),
        bases=BASES,
    ),
    Row(
        id="own_personal_fine",
        kind="published",
        name={"nb": "Eget publikum, nærmere", "en": "One's own audience, closer"},
        definition={
            "nb": "Om en selv etter kommune, eller to personlige kjennetegn, for år og sesong.",
            "en": "About oneself by municipality, or two personal attributes, for years.",
        },
        measures=("unique_customers",),
        scopes=("organisation",),
        periods=_LONG,
        by=(("municipality",), *PAIRS),
        bases=BASES,
    ),
    Row(
        id="groups",
        kind="published",
        name={"nb": "Grupper", "en": "Groups"},
        definition={
            "nb": "Bransjer, fylker, kommuner, bransjer i fylker, og nettverket. Personer er "
            "samlet over hele nettverket. Penger er i kroner og rundet av til tre sifre.",
            "en": "Industries, regions, cities, industries in regions, and the network. Persons "
            "are resolved over the whole network. Money is in NOK, rounded to three digits.",
        },
        measures=_OF_GROUPS,
        scopes=_GROUPS,
        periods=_CALENDAR,
        by=((),),
    ),
    Row(
        id="groups_days",
        kind="published",
        name={"nb": "Grupper per dag og uke", "en": "Groups by day and week"},
        definition={
            "nb": "En dag eller uke som er over, for bransjer, fylker og nettverket.",
            "en": "A day or ISO week that is over, of industries, regions and the network.",
        },
        measures=("unique_customers", "tickets", "net_revenue"),
        scopes=_WIDE,
        periods=("day", "week"),
        by=((),),
    ),
    Row(
        id="groups_rolling",
        kind="published",
        name={"nb": "Grupper, siste 365 dager", "en": "Groups, the last 365 days"},
        definition={
            "nb": "Unike kunder de 365 dagene som slutter med en måned. Kortere vinduer ved siden "
            "av måneder ville fortalt om enkelte dager.",
            "en": "Unique customers of the 365 days that end with a month. Shorter windows beside "
            "months would tell of single days.",
        },
        measures=("unique_customers",),
        scopes=_GROUPS,
        periods=("rolling",),
        by=((),),
        windows=(365,),
    ),
    Row(
        id="groups_by",
        kind="published",
        name={"nb": "Gruppers publikum og salg", "en": "Groups' audience and sales"},
        definition={
            "nb": "Grupper etter personlige kjennetegn, eller etter felles ord for det som ble "
            "solgt; aldri etter sted, produksjon eller egne billettyper.",
            "en": "Groups by personal attributes, or by shared words for what was sold; never by "
            "venue, production or an organisation's own ticket types.",
        },
        measures=_OF_BREAKDOWNS,
        scopes=_GROUPS,
        periods=_CALENDAR,
        by=_singles(_COARSE),
        bases=BASES,
    ),
    Row(
        id="groups_by_fine",
        kind="published",
        name={"nb": "Gruppers publikum, nærmere", "en": "Groups' audience, closer"},
        definition={
            "nb": "Grupper etter kommune, ukedag og time, eller to personlige kjennetegn, for år "
            "og sesong.",
            "en": "Groups by municipality, weekday and hour, or two personal attributes, of years "
            "and seasons.",
        },
        measures=("unique_customers",),
        scopes=_WIDE,
        periods=_LONG,
        by=(*_singles(_FINE), *PAIRS),
        bases=BASES,
    ),
)


def validate(rows: Iterable[Row]) -> None:
    """Raise ValueError where a row names what there is not, or says a thing twice."""
    seen: set[str] = set()
    for row in rows:
        named: dict[str, set[str]] = {
            "measure": set(row.measures) - set(MEASURES),
            "scope": {str(one) for one in row.scopes} - {*get_args(ScopeKind)},
            "period": {str(one) for one in row.periods} - {*FORMS},
            "breakdown": {b for by in row.by for b in by} - {*VOCABULARY},
            "base": set(row.bases) - {*BASES},
            "language": {"nb", "en"} ^ (row.name.keys() & row.definition.keys()),
        }
        for what, strange in named.items():
            if strange:
                raise ValueError(f"{row.id}: no such {what}: {', '.join(sorted(strange))}")
        if row.id in seen or any(by != tuple(sorted(set(by))) for by in row.by):
            raise ValueError(f"{row.id}: stands twice, or a breakdown does, or they are not sorted")
        if row.kind == "live" and any(set(by) & set(PERSONAL) for by in row.by):
            raise ValueError(f"{row.id}: what is by a personal attribute is never live")
        if row.kind == "live" and row.scopes != ("organisation",):
            raise ValueError(f"{row.id}: what is of others is never live")
        seen.add(row.id)


validate(MATRIX)


def row_of(measure: str, scope: str, period: str, by: Collection[str]) -> Row | None:
    """Return the row that holds a question: by its measure, kinds of scope and period, and *by*."""
    return next((row for row in MATRIX if row.holds(measure, scope, period, by)), None)


def near(measure: str, scope: str, period: str, by: Collection[str]) -> dict[str, list[str]]:
    """Return what may be asked in the place of a question that no row holds.

    Each is what the others of the question allow, so that one change makes it a question.
    """
    told, rows = tuple(sorted(by)), MATRIX
    return {
        "measures": _told(m for r in rows for m in r.measures if r.holds(m, scope, period, told)),
        "scopes": [
            form
            for kind, form in SCOPES.items()
            if any(r.holds(measure, kind, period, told) for r in rows)
        ],
        "periods": [
            form
            for kind, form in FORMS.items()
            if any(r.holds(measure, scope, kind, told) for r in rows)
        ],
        "breakdowns": _told(
            ",".join(one)
            for r in rows
            for one in r.by
            if len(one) == max(1, len(told)) and r.holds(measure, scope, period, one)
        ),
    }


def _told(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
