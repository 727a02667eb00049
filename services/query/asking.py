"""From the parameters of a request to a question of the catalogue, or why it is none."""

from collections.abc import Collection, Mapping

from starlette.datastructures import QueryParams

from services.query.customers import EVERY_BREAKDOWN
from services.query.measure import Measure
from services.query.measures import MEASURES
from services.query.periods import FORMS, parse
from services.query.problems import Refused
from services.query.question import Question
from services.query.tokens import Asker, own

MOST_BREAKDOWNS = 2
#: Nothing that may be asked is as long as this.
_LONGEST = 100
#: What tells persons apart by who they are; never answered live, not even about oneself.
PERSONAL = ("age_band", "gender", "county", "municipality", "centrality", "segment")


def parameters(
    sent: QueryParams, needed: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, str]:
    """Return the parameters by name; refuse unknown, missing, repeated, empty and long ones.

    ``format`` is everybody's.
    """
    allowed = {*needed, *optional, "format"}
    found: dict[str, str] = {}
    for name, value in sent.multi_items():
        if name not in allowed:
            raise Refused(
                400, "There is a parameter that is none.", {"parameters": sorted(allowed)}
            )
        if name in found:
            raise Refused(400, f"{name}: stands twice.")
        if not 0 < len(value) <= _LONGEST:
            raise Refused(400, f"{name}: is empty or too long.")
        found[name] = value
    for name in needed:
        if name not in found:
            raise Refused(400, f"{name}: is missing.", {"parameters": sorted(allowed)})
    return found


def question(asked: Mapping[str, str], asker: Asker) -> Question:
    """Return the question that *asked* is, or refuse it with what may be asked."""
    organisation = own(asker)
    mine = {"scopes": [f"organisation:{organisation}"]}
    kind, _, scope = asked["scope"].partition(":")
    if kind != "organisation":
        raise Refused(422, "scope: only one's own organisation may be asked about yet.", mine)
    if scope != organisation:
        # the same, whether there is such an organisation or not
        raise Refused(403, "scope: only one's own organisation may be asked about.", mine)
    if asked["measure"] not in MEASURES:
        raise Refused(422, "measure: there is no such measure yet.", {"measures": [*MEASURES]})
    return Question(
        measure=asked["measure"],
        organisation=organisation,
        period=parse(asked["period"]),
        by=_breakdowns(asked.get("by"), MEASURES[asked["measure"]]),
    )


def _breakdowns(sent: str | None, measure: Measure) -> tuple[str, ...]:
    by = tuple(sent.split(",")) if sent else ()
    may = {"breakdowns": measure.breakdowns}
    if len(by) > MOST_BREAKDOWNS or len(set(by)) < len(by):
        raise Refused(400, "by: one breakdown, or two that differ.", may)
    if not set(by).isdisjoint(PERSONAL):
        detail = "by: figures by a personal attribute are published at cuts; there are none yet."
        raise Refused(422, detail, may)
    if not set(by) <= EVERY_BREAKDOWN.keys():
        raise Refused(422, "by: there is no such breakdown yet.", may)
    if not set(by) <= set(measure.breakdowns):
        raise Refused(422, "by: this measure is not broken down so.", may)
    return by


def may_be_asked() -> dict[str, list[str]]:
    """Return everything that may be asked, by parameter: what a refusal tells."""
    return {
        "measures": [*MEASURES],
        "scopes": ["organisation:<one's own>"],
        "periods": [*FORMS.values()],
        "breakdowns": [*EVERY_BREAKDOWN],
    }
