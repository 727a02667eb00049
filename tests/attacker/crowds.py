"""Who is behind something that was worked out, and whether that may be known."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from services.query.disclosure.model import Rules
from tests.attacker.truth import Part


class Behind:
    """Gather parts by owner: those of one owner ask together."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = defaultdict(int)
        self.organisations: dict[str, set[str]] = defaultdict(set)
        self.persons: dict[str, int] = defaultdict(int)
        self.nobody: dict[str, int] = defaultdict(int)

    def add(self, owner: str, organisation: str, amount: int, part: Part) -> None:
        """Add what one organisation has in it."""
        if amount:
            self.amounts[owner] += abs(amount)
            self.organisations[owner].add(organisation)
            self.persons[owner] |= part.persons
            self.nobody[owner] += part.nobody

    def left(self, asking: Iterable[str]) -> int:
        """Count the persons that are not only customers of those who ask."""
        persons, nobody = 0, 0
        for owner in self.amounts.keys() - set(asking):
            persons |= self.persons[owner]
            nobody += self.nobody[owner]
        return persons.bit_count() + nobody


def thin(behind: Behind, rules: Rules) -> str | None:  # noqa: PLR0911 - one for each rule
    """Say what is wrong with knowing this, for a member, or two, who subtract their own."""
    owners = sorted(behind.amounts)
    if not owners:
        return None
    for asker in owners:
        others = [owner for owner in owners if owner != asker]
        if sum(len(behind.organisations[owner]) for owner in others) < rules.organisations:
            return "few organisations"
        if len(others) < rules.owners:
            return "few owners"
        parts = sorted((behind.amounts[owner] for owner in others), reverse=True)
        total = sum(parts)
        if parts[0] > rules.largest * total or sum(parts[:2]) > rules.two_largest * total:
            return "dominated"
    parts = sorted(behind.amounts.values(), reverse=True)
    if sum(parts) - sum(parts[1 : 1 + rules.together]) < (1 + rules.p) * parts[0]:
        return "an estimate of the largest"
    if any(behind.left(asking) < rules.k for asking in combinations(owners, rules.together)):
        return "few persons"
    return None
