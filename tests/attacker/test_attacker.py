"""The attacker gets nothing while every rule is on, and something when any one is off."""

import pytest

from services.query.disclosure.model import Rule, Rules
from tests.attacker.campaign import campaign

SHORT = range(30)
LONG = range(300)
# one network for each rule at which the attacker was seen to succeed without it
FALLS: dict[Rule, int] = {}


@pytest.mark.parametrize("seed", SHORT)
def test_gets_nothing_from_a_network(seed: int) -> None:
    assert [] == campaign(seed, Rules())


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_gets_nothing_from_three_hundred(seed: int) -> None:
    assert [] == campaign(seed, Rules(), cuts=3)


@pytest.mark.parametrize("rule", FALLS)
def test_gets_something_without_a_rule(rule: Rule) -> None:
    assert [] == campaign(FALLS[rule], Rules())
    assert campaign(FALLS[rule], Rules(off=frozenset({rule})))
