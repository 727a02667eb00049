"""Who is behind a figure, and whether they are enough: the rules of a single cell."""

from collections.abc import Iterable, Mapping

import msgspec

from services.query.disclosure.model import Cell, Rule, Rules, Why

OWN_SCOPE = "organisation:"


class Crowd(msgspec.Struct, frozen=True):
    """Hold what is behind a figure: each owner's part, its organisations, the persons.

    `of_one` is how many of the organisations one owner has at most: they ask together.
    Parts are magnitudes: a refund larger than the sale is as telling as the sale. `persons` may
    be a lower bound, where the figure is one that could be worked out but is in no cell.
    """

    parts: dict[str, int]
    organisations: int
    persons: int
    persons_of: dict[str, int]
    own: bool = False
    of_one: int = 1

    @property
    def total(self) -> int:
        """Add up the parts."""
        return sum(self.parts.values())

    def beyond(self, together: int) -> int:
        """Say how much is left when the largest owners put their parts together."""
        if self.own:
            return self.total
        return self.total - sum(sorted(self.parts.values(), reverse=True)[:together])


def gathered(
    parts: Mapping[str, int],
    persons: int,
    persons_of: Mapping[str, int],
    owners: Mapping[str, str],
    *,
    own: bool = False,
) -> Crowd:
    """Bring the parts of organisations together by owner; those of one owner count as one."""
    by_owner: dict[str, int] = {}
    whose: dict[str, int] = {}
    for organisation, part in parts.items():
        owner = owners.get(organisation, organisation)
        by_owner[owner] = by_owner.get(owner, 0) + abs(part)
        whose[owner] = whose.get(owner, 0) + 1
    persons_by_owner: dict[str, int] = {}
    for organisation, count in persons_of.items():
        owner = owners.get(organisation, organisation)
        persons_by_owner[owner] = persons_by_owner.get(owner, 0) + count
    return Crowd(
        {owner: part for owner, part in by_owner.items() if part},
        len(parts),
        persons,
        persons_by_owner,
        own,
        max(whose.values(), default=1),
    )


def behind(cell: Cell, owners: Mapping[str, str], rules: Rules) -> Crowd:
    """Gather who is behind a cell."""
    counts_persons = cell.key.measure in rules.counts_of_persons
    persons_of = cell.persons_of or (cell.parts if counts_persons else {})
    # who has no part in it hides nobody: a merge can touch persons where no sale has changed
    counts = {o: abs(count) for o, count in persons_of.items() if cell.parts.get(o)}
    persons = abs(cell.persons) if cell.touched is None else cell.touched
    if persons_of and cell.touched is None:
        # of a change, fewer may be known than the change of one alone must have touched
        persons = min(max(persons, max(counts.values(), default=0)), sum(counts.values()))
    return gathered(
        cell.parts,
        persons,
        counts,
        owners,
        own=cell.key.scope.startswith(OWN_SCOPE),
    )


def merged(crowds: Iterable[Crowd], persons: int) -> Crowd:
    """Add crowds up to that of their sum, with at least so many persons."""
    parts: dict[str, int] = {}
    persons_of: dict[str, int] = {}
    organisations, of_one = 0, 1
    own = False
    for crowd in crowds:
        for owner, part in crowd.parts.items():
            parts[owner] = parts.get(owner, 0) + part
        for owner, count in crowd.persons_of.items():
            persons_of[owner] = max(persons_of.get(owner, 0), count)
        organisations = max(organisations, crowd.organisations)
        of_one = max(of_one, crowd.of_one)
        own = own or crowd.own
    return Crowd(parts, organisations, persons, persons_of, own, of_one)


def fault(crowd: Crowd, rules: Rules) -> Why | None:
    """Name the class of rule that the crowd does not pass, with any member as the asker."""
    if rules.on(Rule.PERSONS) and _persons(crowd, rules) < rules.k:
        return Why.TOO_FEW_PERSONS
    if crowd.own:
        return None
    if thin(crowd, rules):
        return Why.TOO_FEW_ORGANISATIONS
    return Why.DOMINANCE if _dominated(crowd, rules) else None


def _persons(crowd: Crowd, rules: Rules) -> int:
    """Count the persons that are left when those who ask subtract their own."""
    if crowd.own or not rules.on(Rule.OWN):
        return crowd.persons
    known = sorted(crowd.persons_of.values(), reverse=True)[: rules.together]
    # who is at two of the askers is subtracted twice: at worst a cell too many is withheld
    return crowd.persons - sum(known) if len(crowd.parts) > rules.together else 0


def thin(crowd: Crowd, rules: Rules) -> bool:
    """Say whether too few organisations, or owners, are there besides any that asks."""
    asker, theirs = (1, crowd.of_one) if rules.on(Rule.OWN) else (0, 0)
    if rules.on(Rule.ORGANISATIONS) and crowd.organisations < rules.organisations + theirs:
        return True
    return rules.on(Rule.OWNERS) and len(crowd.parts) < rules.owners + asker


def _dominated(crowd: Crowd, rules: Rules) -> bool:
    parts = sorted(crowd.parts.values(), reverse=True)
    if rules.on(Rule.DOMINANCE):
        # whoever is not among the three largest leaves more in the sum than the third does
        asks = range(min(3, len(parts))) if rules.on(Rule.OWN) else ()
        total = sum(parts)
        if _concentrated(parts[:2], total, rules) or any(
            _concentrated((parts[:asker] + parts[asker + 1 : 3])[:2], total - parts[asker], rules)
            for asker in asks
        ):
            return True
    if not rules.on(Rule.P_PERCENT):
        return False
    known = rules.together if rules.on(Rule.OWN) else 0
    return needed_above(parts, known, rules.p) > sum(parts)


def _concentrated(largest: list[int], total: int, rules: Rules) -> bool:
    return bool(largest) and (
        largest[0] > rules.largest * total or sum(largest) > rules.two_largest * total
    )


def needed_above(parts: list[int], known: int, p: float) -> float:
    """Give the least upper bound of a sum that hides its largest part from the next ones.

    `parts` descending. Whoever knows the next `known` parts estimates the largest by what is
    left; it must miss by the share p at least (the p % rule, for a coalition).
    """
    if not parts:
        return 0.0
    return parts[0] * (1 + p) + sum(parts[1 : 1 + known])
