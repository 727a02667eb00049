"""Cross-use at a cut: which numbers of common customers may be shown, and to whom.

A pair is seen by its two where both have agreed, and where k persons are in common and k are at
either one alone. Groups (others, an industry, a region) are at least so many organisations of
others that did not all agree, and are withheld together where they would tell of one another.
"""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from services.query.cuts.statements import CROSS_USE_PERIODS as PERIODS
from services.query.disclosure.model import Rules

#: Per period and organisation: its own persons (''), those of pairs, and those in common with each
#: of its groups; then how many the other one has, and whom a group is made of.
STATEMENT = f"""
WITH
    visited AS MATERIALIZED (
        SELECT day, toString(organisation) AS organisation, customer.person AS person
        FROM visits FINAL ARRAY JOIN customer
        WHERE day <= {{last:Date}} AND organisation IN {{houses:Array(String)}}
    ),
    numbered AS (
        SELECT person, toUInt32(rowNumberInAllBlocks()) AS id
        FROM (SELECT DISTINCT person FROM visited)
    ),
    held AS MATERIALIZED (
        SELECT period, organisation, groupBitmapState(id) AS people
        FROM (
            SELECT organisation, id, arrayJoin({PERIODS}).2 AS period
            FROM visited INNER JOIN numbered USING (person)
        ) GROUP BY period, organisation
    ),
    grouped AS (
        SELECT period, g.2 AS asker, g.3 AS name, groupBitmapMergeState(people) AS people,
            groupArray(organisation) AS members
        FROM held INNER JOIN (
            SELECT arrayJoin({{groups:Array(Tuple(String, String, String))}}) AS g, g.1 AS house
        ) AS told ON organisation = house
        GROUP BY period, asker, name
    )
SELECT period, organisation, '' AS name, bitmapCardinality(people) AS both, toUInt64(0) AS theirs,
    emptyArrayString() AS members
FROM held
UNION ALL
SELECT a.period, a.organisation, concat('organisation:', b.organisation),
    bitmapAndCardinality(a.people, b.people), bitmapCardinality(b.people), [b.organisation]
FROM held AS a INNER JOIN held AS b ON a.period = b.period WHERE a.organisation != b.organisation
UNION ALL
SELECT a.period, a.organisation, g.name, bitmapAndCardinality(a.people, g.people), toUInt64(0),
    g.members
FROM held AS a INNER JOIN grouped AS g ON a.period = g.period AND a.organisation = g.asker
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


class Shared(Struct, frozen=True):
    """What one organisation may know of its customers elsewhere; None: withheld, and why."""

    kind: str  # organisation, others, industry, region
    name: str
    shared: int | None
    theirs: int | None = None
    why: str = ""


def groups_of(
    houses: Mapping[str, tuple[str, str]], agreed: Collection[str]
) -> list[tuple[str, str, str]]:
    """Return (house, asker, group) of each group of a house; *houses*: industry, region."""
    found = []
    for asker in houses:
        for name, (industry, region) in houses.items():
            if name == asker:
                continue
            found += [(name, asker, f"industry:{industry}"), (name, asker, f"region:{region}")]
            if name not in agreed or asker not in agreed:
                found.append((name, asker, "others:"))
    return found


def judge(
    asker: str,
    counts: Mapping[str, tuple[int, int, Collection[str]]],
    *,
    agreed: Collection[str],
    owners: Mapping[str, str],
    rules: Rules,
) -> list[Shared]:
    """Return what *asker* may see of *counts*: by name, the shared, theirs, and whose they are.

    ``counts[""]`` has its own customers. Partners who did not both agree are not named at all.
    """
    own = counts[""][0]
    pairs = {n.partition(":")[2]: c for n, c in counts.items() if n.startswith("organisation:")}
    found = []
    for name, (shared, theirs, _) in sorted(pairs.items()):
        if asker in agreed and name in agreed:
            safe = min(shared, own - shared, theirs - shared) >= rules.k
            why = "" if safe else "too_few_persons"
            found.append(
                Shared(
                    "organisation", name, shared if safe else None, theirs if safe else None, why
                )
            )
    seen = {one.name for one in found if one.shared is not None}
    for name, (shared, _, members) in sorted(counts.items()):
        kind, _, which = name.partition(":")
        if kind in {"others", "industry", "region"}:
            parts = {m: pairs[m][0] for m in members if m in pairs and pairs[m][0]}
            why = _group((shared, own), parts, seen, owners, rules)
            found.append(Shared(kind, which, None if why else shared, None, why))
    return found


def _group(
    counts: tuple[int, int],
    parts: Mapping[str, int],
    seen: Collection[str],
    owners: Mapping[str, str],
    rules: Rules,
) -> str:
    """Return why a group is withheld, or ''. Those that are *seen* are known anyway."""
    shared, own = counts
    hidden = {name: many for name, many in parts.items() if name not in seen}
    for held in (parts, hidden) if hidden else (parts,):
        if len(held) < rules.organisations or len({owners[n] for n in held}) < rules.owners:
            return "too_few_organisations"
        largest = sorted(held.values(), reverse=True)
        total = sum(largest)
        if largest[0] > rules.largest * total or sum(largest[:2]) > rules.two_largest * total:
            return "dominance"
    return "" if min(shared, own - shared) >= rules.k else "too_few_persons"


def stands(before: Iterable[Shared], now: Iterable[Shared], k: int) -> list[Shared]:
    """Return *now*, where a number changed by fewer than *k* persons as it was *before*."""
    known = {(one.kind, one.name): one for one in before}
    found = []
    for one in now:
        was = known.get((one.kind, one.name))
        small = (
            was is not None
            and None not in (was.shared, one.shared)
            and 0 < abs((one.shared or 0) - (was.shared or 0)) < k
        )
        found.append(was if small and was is not None else one)
    return found
