"""The statements over persons: who bought, and what they did before.

Where nothing is broken down, from ``visits``; else from the facts and the links as they are now.
"""

from collections.abc import Iterable, Sequence

from services.query.customers import EVERY_BREAKDOWN, ORDER_DAYS, PERSON_SUMS
from services.query.statements import LINES

#: Who bought on which day, once; ``since`` is the first day that matters.
_SEEN = """
SELECT day, arrayJoin(arrayDistinct(customer.own_person)) AS own_person
FROM visits FINAL
PREWHERE organisation = {organisation:String} AND day BETWEEN {since:Date} AND {ends:Date}
"""
#: One row a person of the period.
_PERSONS = f"""
SELECT own_person, countIf(day >= {{begins:Date}}) AS days, count() > days AS earlier,
    minIf(day, day >= {{begins:Date}}) - maxIf(day, day < {{begins:Date}}) AS away
FROM ({_SEEN}) GROUP BY own_person HAVING days > 0
"""  # noqa: S608 (all of it is ours; what varies is a parameter)
#: One row a person and day, as if each day were a period.
_PERSONS_BY_DAY = f"""
SELECT day, 1 AS days, n > 1 AS earlier, day - before AS away
FROM (SELECT arraySort(groupArray(day)) AS d FROM ({_SEEN}) GROUP BY own_person)
ARRAY JOIN d AS day, arrayPushFront(arrayPopBack(d), toDate(0)) AS before, arrayEnumerate(d) AS n
WHERE day >= {{begins:Date}}
"""  # noqa: S608 (as above)
#: Who its customers are now; one without a link is a person alone, named by its first half.
#: A ref is one organisation's alone, so that the condition may come before FINAL has merged.
_LINKS = """
SELECT customer_ref, own_person AS now, true AS linked
FROM links FINAL PREWHERE organisation = {organisation:String}
"""
_OWN_PERSON = "if(linked, now, toUInt64(bitShiftRight(customer_ref, 64)))"


def asks_history(sums: Iterable[str]) -> bool:
    """Tell whether *sums* ask what persons did before the period."""
    return any(PERSON_SUMS[name].history for name in sums)


def of_period(sums: Sequence[str], by: Sequence[str], *, most: int) -> str:
    """Return what sums the persons of a period: values of *by*, '', the sums; *most* rows."""
    lines = [name for name in by if name != ORDER_DAYS.id]
    persons = _by_lines(lines, history=asks_history(sums)) if lines else _PERSONS
    values = [
        f"{ORDER_DAYS.sql} AS steps" if name == ORDER_DAYS.id else f"by_{lines.index(name)}"
        for name in by
    ]
    groups = [value.rpartition(" ")[2] for value in values]
    chosen = ", ".join([*values, "''", *_chosen(sums)])
    grouped = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {chosen} FROM ({persons}){grouped} LIMIT {most}"  # noqa: S608 (as above)


def by_day(sums: Sequence[str]) -> str:
    """Return what sums the persons of each day: the day, '', the sums."""
    chosen = ", ".join(["day", "''", *_chosen(sums)])
    return f"SELECT {chosen} FROM ({_PERSONS_BY_DAY}) GROUP BY day ORDER BY day"  # noqa: S608 (as above)


def _by_lines(by: Sequence[str], *, history: bool) -> str:
    """Return one row a value of *by* and person who bought in it."""
    values = [f"by_{n}" for n in range(len(by))]
    told = [f"{EVERY_BREAKDOWN[n].sql} AS {value}" for n, value in zip(by, values, strict=True)]
    held = [EVERY_BREAKDOWN[name].holds for name in by if EVERY_BREAKDOWN[name].holds]
    known = " AND ".join(["sale", "customer_ref != 0", *held])
    bought = f"SELECT DISTINCT {', '.join(told)}, customer_ref, day FROM ({LINES}) WHERE {known}"  # noqa: S608 (as above)
    buyers = (
        f"SELECT {', '.join(values)}, {_OWN_PERSON} AS own_person, uniqExact(day) AS days "  # noqa: S608 (as above)
        f"FROM ({bought}) AS bought LEFT JOIN ({_LINKS}) AS link USING (customer_ref) "
        f"GROUP BY {', '.join(values)}, own_person"
    )
    if not history:
        return buyers
    before = f"SELECT own_person, earlier, away FROM ({_PERSONS})"  # noqa: S608 (as above)
    return f"SELECT * FROM ({buyers}) AS buyers LEFT JOIN ({before}) AS before USING (own_person)"  # noqa: S608 (as above)


def _chosen(sums: Sequence[str]) -> list[str]:
    return [f"{PERSON_SUMS[name].sql} AS sum_{name}" for name in sums]
