"""Round what is published: money of groups, shares of few persons."""

from fractions import Fraction

from services.query.disclosure.crowd import OWN_SCOPE
from services.query.disclosure.model import Cell, Rules


def rounded(cell: Cell, rules: Rules) -> int:
    """Round money of a group to significant digits, half to even; leave counts and own figures."""
    if cell.key.measure not in rules.money or cell.key.scope.startswith(OWN_SCOPE):
        return cell.value
    return significant(cell.value, rules.digits)


def significant(value: int, digits: int) -> int:
    """Round an integer to so many significant digits, half to even."""
    return round(value, min(0, digits - len(str(abs(value)))))


def share(part: int, whole: int, rules: Rules) -> float | None:
    """Give a share as a fraction of 1, whole per cents below a thousand; None of nothing."""
    if whole <= 0:
        return None
    exact = Fraction(part, whole)
    return float(round(exact, 2)) if whole < rules.whole_percents_below else float(exact)
