"""Write links and evidence into ClickHouse, and mark the cells of whose figures they may change.

Rows are written before it is looked up whom they concern, and marks come last. Delivered again,
all of it is done again: killed anywhere, the redelivery repairs. Facts are never touched.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.profiles import LINKS, PERSON
from kudos.records import Link
from services.aggregate.evidence import Key, Other, Standing, Statement, Taken, news, overtaking

#: Ids a statement: more would make its text longer than the server reads.
_REFS, _PERSONS = 2000, 5000
_STANDING = """
SELECT customer_ref, toString(attribute), toString(basis), toString(source),
    argMax((value, version, position), version) AS last
FROM evidence WHERE customer_ref IN {refs:Array(UInt128)}
GROUP BY customer_ref, attribute, basis, source
"""
_LINKED = """
SELECT customer_ref, argMax(person, version) FROM links
WHERE customer_ref IN {refs:Array(UInt128)} GROUP BY customer_ref
"""
_MAY_BELONG = "(SELECT customer_ref FROM refs_of_persons WHERE person IN {persons:Array(UInt64)})"
#: The refs that belong to ``{persons}`` now.
_MEMBERS = f"""
SELECT customer_ref, {PERSON} AS who
FROM {_MAY_BELONG} AS candidate
LEFT JOIN ({LINKS.format(refs=_MAY_BELONG)}) AS link USING (customer_ref)
WHERE who IN {{persons:Array(UInt64)}}
"""  # noqa: S608 (all of it is ours; what varies is a parameter)
_OTHERS = f"""
SELECT DISTINCT who, toString(attribute), toString(basis), value, version
FROM evidence INNER JOIN ({_MEMBERS}) AS member USING (customer_ref)
WHERE customer_ref IN {_MAY_BELONG}
"""  # noqa: S608 (as above)
_MARK = f"""
INSERT INTO marks (day, organisation, marks)
SELECT day, organisation, 1 FROM customer_days
WHERE customer_ref IN (SELECT customer_ref FROM ({_MEMBERS}))
GROUP BY day, organisation
"""  # noqa: S608 (as above)


class Row(NamedTuple):
    """A row of ``links``; its columns, in order."""

    customer_ref: int
    organisation: str
    person: int
    own_person: int
    version: int


class Batch(Struct, frozen=True):
    """Links with their offsets, and statements, as they were read."""

    links: Sequence[tuple[Link, int]] = ()
    evidence: Sequence[Taken] = ()


def write(client: Client, batch: Batch) -> None:
    """Store *batch*, and mark every cell that it may have made stale."""
    insert(client, "links", Row._fields, [row_of(*read) for read in batch.links])
    persons = joined_or_parted(link for link, _ in batch.links)
    persons |= state(client, batch.evidence)
    mark(client, persons)


def state(client: Client, taken: Sequence[Taken]) -> set[int]:
    """Store what is new in *taken*; return the persons whose figures it may change."""
    found = news(taken, standing(client, {one.statement.customer_ref for one in taken}))
    insert(client, "evidence", Statement._fields, found.rows)
    raised = {new.customer_ref for _, new in found.perhaps}
    # looked up after the writing: whoever comes last sees what the other has written
    person_of = persons_of(client, found.certain | raised)
    others = others_of(client, {person_of[ref] for ref in raised})
    concerned = found.certain | overtaking(found.perhaps, others, person_of)
    return {person_of[ref] for ref in concerned}


def row_of(link: Link, offset: int) -> Row:
    """Return the row of *link*, which was read at *offset*."""
    ref, person, own = (int(text, 16) for text in (link.customer_ref, link.person, link.own_person))
    return Row(ref, link.organisation, person, own, offset)


def joined_or_parted(links: Iterable[Link]) -> set[int]:
    """Return the persons whose figures *links* may change.

    A new ref that is a person alone was one without its link.
    """
    found: set[str] = set()
    for link in links:
        itself = link.customer_ref[:16]
        before = itself if link.person_before is None else link.person_before
        if link.person_before is not None or {link.person, link.own_person} != {itself}:
            found |= {link.person, before}
    return {int(name, 16) for name in found}


def insert(
    client: Client, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write *rows* of *table*, column by column."""
    if rows:
        values = [*zip(*rows, strict=True)]
        client.insert(table, values, column_names=names, column_oriented=True)


def standing(client: Client, refs: Iterable[int]) -> dict[Key, Standing]:
    """Return what every source says of *refs*."""
    return {
        Key(*key): Standing(*last)
        for part in _parts(refs, _REFS)
        for *key, last in client.query(_STANDING, parameters={"refs": part}).result_rows
    }


def persons_of(client: Client, refs: Iterable[int]) -> dict[int, int]:
    """Return the person of each of *refs* as they are linked now."""
    found = {ref: ref >> 64 for ref in refs}
    for part in _parts(found, _REFS):
        rows = client.query(_LINKED, parameters={"refs": part}).result_rows
        found |= {ref: person for ref, person in rows}  # noqa: C416 (a driver's rows are no tuples to mypy)
    return found


def others_of(client: Client, persons: Iterable[int]) -> Mapping[int, Sequence[Other]]:
    """Return everything that is said of each of *persons*."""
    found: defaultdict[int, list[Other]] = defaultdict(list)
    for part in _parts(persons, _PERSONS):
        for person, *other in client.query(_OTHERS, parameters={"persons": part}).result_rows:
            found[person].append(Other(*other))
    return found


def mark(client: Client, persons: Iterable[int]) -> None:
    """Count a mark for each cell that any ref of *persons* was ever in, last of all."""
    for part in _parts(persons, _PERSONS):
        # a raw query sends long parameters as a form
        client.raw_query(_MARK, parameters={"persons": part})


def _parts(ids: Iterable[int], size: int) -> Iterator[Sequence[int]]:
    held = sorted(ids)
    return (held[start : start + size] for start in range(0, len(held), size))
