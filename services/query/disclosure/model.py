"""What disclosure control speaks of: cells, margins, organisations, rules, verdicts."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

import msgspec

By = tuple[tuple[str, str], ...]


class CellKey(msgspec.Struct, frozen=True, order=True):
    """Name one cell: a base measure over a scope and a period, by values of breakdowns.

    `by` is sorted by breakdown: `(("age_band", "25-34"), ("gender", "female"))`.
    """

    measure: str
    scope: str
    period: str
    by: By = ()


class Cell(msgspec.Struct, frozen=True):
    """Hold one cell as it is, before anything is withheld: exact, and never for publication.

    `value` is in the measure's unit (øre, pieces, persons), `persons` the distinct persons behind
    it. `parts` is each organisation's own contribution to `value` (for customers the persons of
    that organisation, so that they add up to `value` or more), only those that contribute;
    `persons_of` the distinct persons of each organisation behind its part. An organisation's own
    cell has a scope `organisation:ID` and itself as the only part. `touched` is the number of
    distinct persons whose contribution is another than in the cell that stands; where it is None
    the least number that the counts allow is taken.
    """

    key: CellKey
    value: int
    persons: int
    parts: dict[str, int]
    persons_of: dict[str, int] = {}
    touched: int | None = None


class Margin(msgspec.Struct, frozen=True):
    """Say that a cell is made of others.

    `sum`: the total is exactly the sum of its parts, in any dimension: scopes in scopes, periods
    in periods, values of a breakdown (with `unknown`) in its total. `union`: the total is at most
    their sum (distinct persons). `linked`: the figures reveal each other (a mean, its sum and its
    count), so that all of them are published or none. A part that has no cell has no data: 0.
    """

    total: CellKey
    parts: tuple[CellKey, ...]
    kind: Literal["sum", "union", "linked"] = "sum"


class Membership(msgspec.Struct, frozen=True):
    """Count an organisation into a scope from the first day to the last, both included."""

    scope: str
    since: date = date.min
    until: date = date.max


class Organisation(msgspec.Struct, frozen=True):
    """Say whose an organisation is and which scopes it counts in, and when."""

    id: str
    owner: str
    memberships: tuple[Membership, ...] = ()


class Why(StrEnum):
    """Name the class of rule that withholds a cell; never its parameter or how near it was."""

    TOO_FEW_PERSONS = "too_few_persons"
    TOO_FEW_ORGANISATIONS = "too_few_organisations"
    DOMINANCE = "dominance"
    COMPLEMENT = "complement"
    TIME = "time"
    NO_CONSENT = "no_consent"


class Rule(StrEnum):
    """Name one rule. Tests switch single ones off to see that the attacker then succeeds."""

    PERSONS = "persons"
    OWN = "own"
    ORGANISATIONS = "organisations"
    OWNERS = "owners"
    DOMINANCE = "dominance"
    P_PERCENT = "p_percent"
    GROUPS = "groups"
    COMPLEMENTS = "complements"
    SOLVER = "solver"
    LINKED = "linked"
    TIME = "time"
    MEMBERSHIP = "membership"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold the parameters; deployed values are private, these are the defaults.

    `k` persons; `organisations` and `owners` besides the asker; `largest` and `two_largest` shares
    of the others' sum; `p` the least share by which an estimate must miss; `together` how many
    members may put their own figures together; `digits` significant digits of money;
    `money` the measures that are money, `counts_of_persons` those that count distinct persons.
    """

    k: int = 5
    organisations: int = 4
    owners: int = 3
    largest: float = 0.50
    two_largest: float = 0.85
    p: float = 0.10
    together: int = 2
    digits: int = 3
    whole_percents_below: int = 1_000
    money: frozenset[str] = frozenset(
        {
            "gross_revenue",
            "net_revenue",
            "net_revenue_ex_vat",
            "net_revenue_fixed_prices",
            "fees",
            "ticket_revenue",
        }
    )
    counts_of_persons: frozenset[str] = frozenset({"customers", "unique_customers"})
    off: frozenset[Rule] = frozenset()

    def on(self, rule: Rule) -> bool:
        """Say whether a rule is switched on: all are, but in tests."""
        return rule not in self.off


class Standing(msgspec.Struct, frozen=True):
    """Hold a cell as it was published at an earlier cut, with what was behind it then.

    `value` is the rounded one that was shown, None where the cell was withheld; `cell` and `as_of`
    are those of the cut that the value comes from.
    """

    cell: Cell
    value: int | None
    as_of: datetime | None = None


class Verdict(msgspec.Struct, frozen=True):
    """Say what is published of a cell, or the class of rule that withholds it.

    One of `value` and `why` is None. `as_of` is that of the earlier cut where an older value
    stands (`stands`). `instead` is the next wider scope that is published (`try` in answers).
    """

    key: CellKey
    value: int | None = None
    why: Why | None = None
    instead: str | None = None
    stands: bool = False
    as_of: datetime | None = None
