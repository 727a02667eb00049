"""The attacker gets nothing while every rule is on, and something when any one is off."""

import pytest

from services.query.disclosure.model import Rule, Rules
from tests.attacker.campaign import campaign

SHORT = range(30)
LONG = range(300)
# one network for each rule at which the attacker was seen to succeed without it; groups, complements,
# owners, p % and membership, which the solver or other rules cover in these networks, fall in tests/unit/disclosure
FALLS = {
    Rule.PERSONS: 0,
    Rule.OWN: 0,
    Rule.ORGANISATIONS: 0,
    Rule.DOMINANCE: 5,
    Rule.SOLVER: 2,
    Rule.LINKED: 7,
    Rule.TIME: 0,
}


@pytest.mark.parametrize("seed", SHORT)
def test_gets_nothing_from_a_network(seed: int) -> None:
    assert [] == campaign(seed, Rules())


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_gets_nothing_from_three_hundred(seed: int) -> None:
    assert [] == campaign(seed, Rules())


@pytest.mark.parametrize("rule", FALLS)
def test_gets_something_without_a_rule(rule: Rule) -> None:
    off = Rules(off=frozenset({rule}))
    cuts = 2 if rule is Rule.TIME else 1
    assert campaign(FALLS[rule], off, cuts=cuts, solve=rule is Rule.SOLVER)
