"""On which days the customers of made-up sales bought: what the dashboard's fixture counts by."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date


class Regulars:
    """Each customer's days, in order."""

    def __init__(self) -> None:
        self._days: defaultdict[str, list[date]] = defaultdict(list)

    def add(self, customer: str, day: date) -> None:
        """Note that *customer* bought on *day*."""
        if day not in self._days[customer]:
            insort(self._days[customer], day)

    def sums(self, bought: Iterable[tuple[str, date]], begins: date) -> dict[str, int]:
        """Return the sums over who *bought* when, in a period that *begins*."""
        days: defaultdict[str, set[date]] = defaultdict(set)
        for customer, day in bought:
            days[customer].add(day)
        before = {c: self._days[c][: bisect_left(self._days[c], begins)] for c in days}
        returning = [c for c in days if before[c]]
        away = [(self._days[c][len(before[c])] - before[c][-1]).days for c in returning]
        return {
            "unique_customers": len(days),
            "new_customers": len(days) - len(returning),
            "returning_customers": len(returning),
            "reactivated_customers": sum(n > 365 for n in away),
            "order_days": sum(map(len, days.values())),
        }


def steps(bought: Iterable[tuple[str, date]]) -> dict[str, int]:
    """Return how many bought on 1, 2, 3, 4, and 5 or more days."""
    many = Counter(customer for customer, _ in set(bought))
    found = Counter(str(n) if n < 5 else "5+" for n in many.values())
    return dict(sorted(found.items()))
