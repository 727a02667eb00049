"""From the parameters of a request to a question of the matrix, or why it is none."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import get_args

from starlette.datastructures import QueryParams

from kudos.register import Industry, Organisation
from services.query.bases import BASES, EVERYBODY, PEERS, POPULATION_BY, POPULATIONS
from services.query.matrix import MATRIX, PERSONAL, SCOPES, near, row_of
from services.query.measures import MEASURES
from services.query.periods import FORMS, parse
from services.query.problems import Refused
from services.query.question import Published, Question
from services.query.tokens import Asker, own
from services.query.vocabulary import VOCABULARY

MOST_BREAKDOWNS = 2
#: Nothing that may be asked is as long as this.
_LONGEST = 100
_NAMES: Mapping[str, str] = {
    "organisation": ".+",
    "network": "",
    "industry": "|".join(get_args(Industry)),
    "region": "[0-9]{2}",
    "city": "[0-9]{4}",
    "industry-region": f"({'|'.join(get_args(Industry))})/[0-9]{{2}}",
}
OrganisationOf = Callable[[str], Organisation]


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


def question(
    asked: Mapping[str, str], asker: Asker, organisation_of: OrganisationOf
) -> Question | Published:
    """Return the question that *asked* is, or refuse it with what may be asked."""
    if asker.role == "operator":
        own(asker)
    kind = _scope_kind(asked["scope"], asker)
    period = parse(asked["period"])
    by = _breakdowns(asked.get("by"))
    measure = asked["measure"]
    index = measure == "index"
    if not index and measure not in MEASURES:
        raise Refused(422, "measure: there is no such measure.", {"measures": [*MEASURES, "index"]})
    if "base" in asked and not index:
        raise Refused(400, "base: only an index has one.")
    # an index is of persons, told apart
    counted = "unique_customers" if index else measure
    row = row_of(counted, kind, period.kind, by)
    windows = row.windows if row else ()
    if windows and ((period.ends - period.begins).days + 1) not in windows:
        forms = [f"rolling-{w}@<a month's last day>" for w in windows]
        raise Refused(422, "period: this window is not published of groups.", {"periods": forms})
    if row is None or (index and (row.kind == "live" or not set(by) & set(PERSONAL))):
        detail = "This combination of measure, scope, period and breakdown is not in the matrix."
        raise Refused(422, detail, near(counted, kind, period.kind, by))
    if row.kind == "live":
        return Question(measure=measure, organisation=own(asker), period=period, by=by)
    base = _base(asked.get("base"), asker, organisation_of, by) if index else None
    return Published(measure, asked["scope"], period, by, base)


def _scope_kind(scope: str, asker: Asker) -> str:
    kind, _, name = scope.partition(":")
    scopes = {"scopes": _scopes(asker)}
    if kind not in SCOPES or not re.fullmatch(_NAMES[kind], name) or scope == "network:":
        raise Refused(422, "scope: there is no such scope.", scopes)
    if kind == "organisation" and name != asker.organisation:
        # the same, whether there is such an organisation or not
        raise Refused(403, "scope: only one's own organisation may be asked about.", scopes)
    return kind


def _scopes(asker: Asker) -> list[str]:
    own_ = [] if asker.organisation is None else [f"organisation:{asker.organisation}"]
    return [*own_, *(form for kind, form in SCOPES.items() if kind != "organisation")]


def _base(
    sent: str | None, asker: Asker, organisation_of: OrganisationOf, by: tuple[str, ...]
) -> str:
    wanted = sent or ("network" if asker.organisation is None else "industry")
    if wanted not in BASES:
        raise Refused(422, "base: there is no such base.", {"base": BASES})
    if wanted not in POPULATIONS:
        return peers(wanted, asker, organisation_of, "base")
    if by not in POPULATION_BY[wanted]:
        may = {"breakdowns": [",".join(one) for one in POPULATION_BY[wanted]]}
        raise Refused(422, "by: a population is not told apart so.", may)
    if wanted == EVERYBODY:
        return EVERYBODY
    return f"{EVERYBODY}:{organisation_of(own(asker)).county}"


def peers(wanted: str, asker: Asker, organisation_of: OrganisationOf, name: str = "peers") -> str:
    """Return the scope of an asker's peer group: its industry, region, city, both, or all."""
    if wanted == "network":
        return wanted
    if wanted not in PEERS:
        raise Refused(422, f"{name}: there is no such peer group.", {name: PEERS})
    mine = organisation_of(own(asker))
    places = {
        "industry": mine.industry,
        "region": mine.county,
        "city": mine.city,
        "industry-region": f"{mine.industry}/{mine.county}",
    }
    return f"{wanted}:{places[wanted]}"


def _breakdowns(sent: str | None) -> tuple[str, ...]:
    by = tuple(sent.split(",")) if sent else ()
    may = {"breakdowns": [*VOCABULARY]}
    if len(by) > MOST_BREAKDOWNS or len(set(by)) < len(by):
        raise Refused(400, "by: one breakdown, or two that differ.", may)
    if not set(by) <= VOCABULARY.keys():
        raise Refused(422, "by: there is no such breakdown.", may)
    return by


def may_be_asked() -> dict[str, list[str]]:
    """Return everything that may be asked, by parameter: what a refusal tells."""
    return {
        "measures": [*MEASURES, "index"],
        "scopes": [*SCOPES.values()],
        "periods": [*FORMS.values()],
        "breakdowns": list(dict.fromkeys(b for row in MATRIX for by in row.by for b in by)),
    }
