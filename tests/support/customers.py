"""Who is one at the houses of ``tests.support.house``, and figures of customers by plain Python."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from clickhouse_connect.driver.client import Client

from tests.support.house import HOUSE, OTHER, REFS, Cells, Sold, expected, value_of

CUSTOMERS = (
    *("unique_customers", "new_customers", "returning_customers", "reactivated_customers"),
    "visit_frequency",
)
#: Records that are one own person, at one house; the others are alone.
_TOGETHER: Mapping[str, Sequence[tuple[int, ...]]] = {
    HOUSE: [(1, 2), (3, 4, 5), (20, 7), (30, 31)],
    OTHER: [(1, 3)],
}
#: In the network more are one, also of both houses: what an organisation must not see.
_PERSON = int("e" * 16, 16)
_RECORDS = range(1, 40)


def own_person(organisation: str, record: str) -> int:
    """Return who a record is, as the organisation itself could know: a number of 64 bits."""
    number = int(record, 16)
    held = next((one for one in _TOGETHER[organisation] if number in one), (number,))
    return min(int(ref_of(organisation, f"{n:032x}")[:16], 16) for n in held)


def ref_of(organisation: str, record: str) -> str:
    """Return the customer_ref of a record, as ``house`` makes it."""
    return REFS[organisation] + record[:0:-1]


def write_links(client: Client) -> None:
    """Write who is one, in several versions of which the newest stands; the odd alone have none."""
    rows = []
    for organisation, clusters in _TOGETHER.items():
        joined = {number for one in clusters for number in one}
        for number in _RECORDS:
            ref = int(ref_of(organisation, f"{number:032x}"), 16)
            person = own_person(organisation, f"{number:032x}")
            if number in joined or number % 2 == 0:
                rows += [(ref, organisation, _PERSON, 17, 5), (ref, organisation, _PERSON, 17, 6)]
                rows.append((ref, organisation, _PERSON, person, 7))
    names = ["customer_ref", "organisation", "person", "own_person", "version"]
    # apart, so that the older ones are there until the engine has merged
    for version in (7, 5, 6):
        found = [row for row in rows if row[-1] == version]
        client.insert("links", found, column_names=names)


def expected_of(
    lines: Sequence[Sold], before: Sequence[Sold], measure: str, by: Sequence[str], currency: str
) -> Cells:
    """Return the cells of any *measure* over *lines*; *before* is all that was sold earlier."""
    if measure not in CUSTOMERS:
        return expected(lines, measure, by, currency)
    last = {person: max(days) for person, days in days_of(before).items()}
    first = {person: min(days) for person, days in days_of(lines).items()}
    cells: Cells = {}
    for where, held in _groups(lines, by):
        days = days_of(held)
        match measure:
            case "unique_customers":
                value: float | None = len(days)
            case "new_customers":
                value = sum(person not in last for person in days)
            case "returning_customers":
                value = sum(person in last for person in days)
            case "reactivated_customers":
                value = sum(p in last and (first[p] - last[p]).days > 365 for p in days)
            case _:
                value = sum(map(len, days.values())) / len(days) if days else None
        cells[*where, ""] = value
    return cells


def spread(lines: Sequence[Sold], by: Sequence[str]) -> Cells:
    """Return how many bought on 1, 2, 3, 4, 5 or more days; *by* names ``order_days`` too."""
    cells: defaultdict[tuple[str, ...], int] = defaultdict(int)
    at = by.index("order_days")
    for where, held in _groups(lines, [name for name in by if name != "order_days"]):
        for days in days_of(held).values():
            steps = str(len(days)) if len(days) < 5 else "5+"
            cells[*where[:at], steps, *where[at:], ""] += 1
    return dict(cells)


def days_of(lines: Iterable[Sold]) -> dict[int, set[date]]:
    """Return on which days each customer bought."""
    found: defaultdict[int, set[date]] = defaultdict(set)
    for sold in _bought(lines):
        found[own_person(sold.organisation, sold.record or "")].add(sold.day)
    return dict(found)


def _bought(lines: Iterable[Sold]) -> Iterator[Sold]:
    return (sold for sold in lines if sold.record and sold.line.kind == "sale")


def _groups(
    lines: Iterable[Sold], by: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], list[Sold]]]:
    """Yield values and the purchases of known customers there; without *by* also where none are."""
    groups: defaultdict[tuple[str, ...], list[Sold]] = defaultdict(list)
    for sold in _bought(lines):
        values = [value_of(name, sold) for name in by]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            groups[*known,].append(sold)
    if not groups and not by:
        groups[()] = []
    yield from groups.items()
