"""The attacker gets nothing while every rule is on, and something when any one is off."""

from typing import Any

import pytest

from services.query.disclosure.model import Rule, Rules
from tests.attacker.attack import campaign

SHORT = range(30)
LONG = range(300)
#: A network for each rule, and so many cuts, at which the attacker was seen to succeed without it.
FALLS = {
    Rule.PERSONS: (0, 2),
    Rule.OWN: (0, 1),
    Rule.ORGANISATIONS: (1, 1),
    Rule.OWNERS: (191, 1),
    Rule.DOMINANCE: (5, 1),
    Rule.P_PERCENT: (13, 1),
    Rule.GROUPS: (34, 1),
    Rule.COMPLEMENTS: (5, 1),
    Rule.SOLVER: (1, 1),
    Rule.LINKED: (4, 1),
    Rule.TIME: (0, 2),
    Rule.MEMBERSHIP: (26, 2),
}
#: By default dominance says all that these say; they are for who chooses other shares.
LOOSER: dict[Rule, dict[str, Any]] = {
    Rule.P_PERCENT: {"largest": 0.9, "two_largest": 0.995, "p": 0.4},
    Rule.OWNERS: {"largest": 0.9, "two_largest": 1.0, "together": 1},
}


@pytest.mark.parametrize("seed", SHORT)
def test_gets_nothing_from_a_network(seed: int) -> None:
    assert [] == campaign(seed, Rules())


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_gets_nothing_from_three_hundred(seed: int) -> None:
    assert [] == campaign(seed, Rules())


@pytest.mark.parametrize("rule", Rule)
def test_gets_something_without_a_rule(rule: Rule) -> None:
    seed, cuts = FALLS[rule]
    shares = LOOSER.get(rule, {})
    without = set(campaign(seed, Rules(off=frozenset({rule}), **shares), cuts))
    assert without - set(campaign(seed, Rules(**shares), cuts))
