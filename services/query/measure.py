"""What a measure is: a total of sums, or one for each of another."""

from collections.abc import Collection, Mapping
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from kudos.breakdowns import BREAKDOWNS


class Total(Struct, frozen=True):
    """Some sums less others."""

    plus: tuple[str, ...]
    less: tuple[str, ...] = ()

    def of(self, sums: Mapping[str, int]) -> int:
        """Return the total of *sums*."""
        return sum(sums[name] for name in self.plus) - sum(sums[name] for name in self.less)


class Measure(Struct, frozen=True):
    """A figure: a total, or a total for each of another (*per*)."""

    id: str
    unit: str
    name: Mapping[str, str]  # by language
    definition: Mapping[str, str]
    total: Total
    per: Total | None = None
    money: bool = False  # made of money: a cell for each currency
    version: int = 1
    #: A breakdown of its own: how many of *per* are on each step of the figure.
    steps: str | None = None
    steps_unit: str = ""

    @property
    def breakdowns(self) -> tuple[str, ...]:
        """Return what it may be told apart by."""
        return (*BREAKDOWNS, *(() if self.steps is None else (self.steps,)))

    @property
    def sums(self) -> frozenset[str]:
        """Return the names of the sums that it is made of."""
        totals = [self.total] if self.per is None else [self.total, self.per]
        return frozenset(name for total in totals for name in (*total.plus, *total.less))

    def value(self, sums: Mapping[str, int]) -> int | float | None:
        """Return the figure; None where it is for each of nothing.

        Averages of money are rounded half to even to the minor unit; shares are not rounded.
        """
        total = self.total.of(sums)
        if self.per is None:
            return total
        many = self.per.of(sums)
        if many <= 0:
            return None
        return round(Fraction(total, many)) if self.unit == "minor_units" else total / many

    def counted(self, by: Collection[str]) -> "Measure":
        """Return what is counted by *by*: told apart by its own steps, how many are on each."""
        if self.steps not in by or self.per is None:
            return self
        return replace(self, unit=self.steps_unit, total=self.per, per=None)
