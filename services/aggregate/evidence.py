"""What ClickHouse keeps of evidence, and whose figures it may change: pure.

A source's newest statement of an attribute stands, and goes up in age with each order that says the
same again. Whose figures change is told without knowing which statement won before: see ``News``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from kudos.place import NOWHERE, Places, place
from kudos.records import Evidence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: A version is the time (to 2255), 10 bits of confidence, and the first 8 bytes of the value.
_MOST_TIME, _MOST_CONFIDENCE, _BYTES = (1 << 53) - 1, 1023, 8


class Key(NamedTuple):
    """What has one statement at a time."""

    customer_ref: int
    attribute: str
    basis: str
    source: str


class Statement(NamedTuple):
    """A row of ``evidence``; its columns, in order."""

    customer_ref: int
    attribute: str
    basis: str
    source: str
    organisation: str
    value: str
    confidence: float
    county: str
    municipality: str
    centrality: str
    observed_at: int  # microseconds since 1970
    version: int  # the greater stands, whenever it comes
    position: int  # its offset on its partition

    @property
    def key(self) -> Key:
        """Return what it is a statement of, and whose."""
        return Key(*self[:4])


class Standing(NamedTuple):
    """What stands of a key, as far as it matters to what may come."""

    value: str
    version: int
    position: int


class Other(NamedTuple):
    """What a statement says of a person, as far as it matters to another one."""

    attribute: str
    basis: str
    value: str
    version: int


class Taken(NamedTuple):
    """A statement as it was read, and up to where its partition had been done before."""

    statement: Statement
    since: int


class News(NamedTuple):
    """What is to be written, and what of it may change figures.

    *certain*: refs of whom a source says something for the first time, or something else than
    before; or what stands was written by somebody who has not come to the marks (its position is
    not done yet). *perhaps*: the same value as before with a greater version; it changes figures
    where it overtakes what somebody else says.

    So nobody asks which statement won before: two who write at once could both find that it is
    the other's change. Of several raises of one key the one that overtakes a standing statement
    finds it there, whoever writes what meanwhile. (docs/decisions/0014)
    """

    rows: tuple[Statement, ...]
    certain: frozenset[int]
    perhaps: tuple[tuple[Standing, Statement], ...]


def statement_of(evidence: Evidence, position: int, places: Places) -> Statement:
    """Return the row of *evidence*, which was read at *position*; with the place of a code."""
    at = min(max((evidence.observed_at - _EPOCH) // _MICROSECOND, 0), _MOST_TIME)
    home = NOWHERE
    if evidence.attribute == "postal_code":
        country, _, code = evidence.value.partition("-")
        home = place(places, country, code)
    return Statement(
        int(evidence.customer_ref, 16),
        evidence.attribute,
        evidence.basis,
        evidence.source,
        evidence.organisation,
        evidence.value,
        evidence.confidence,
        home.county or "",
        home.municipality or "",
        home.centrality or "",
        at,
        version_of(at, evidence.confidence, evidence.value),
        position,
    )


def version_of(observed_at: int, confidence: float, value: str) -> int:
    """Return a number that is greater of the newer, then the surer, then the greater value.

    *observed_at* is in microseconds since 1970.
    """
    sure = round(min(max(confidence, 0.0), 1.0) * _MOST_CONFIDENCE)
    first = value.encode()[:_BYTES].ljust(_BYTES, b"\0")
    return observed_at << 74 | sure << 64 | int.from_bytes(first, "big")


def news(taken: Iterable[Taken], before: Mapping[Key, Standing]) -> News:
    """Return what *taken* brings to what stood *before*; of each key one row at most."""
    rows: list[Statement] = []
    certain: set[int] = set()
    perhaps: list[tuple[Standing, Statement]] = []
    for key, (newest, since) in _newest(taken).items():
        stood = before.get(key)
        newer = stood is None or newest.version > stood.version
        if newer:
            rows.append(newest)
        if stood is None or stood.position >= since or (newer and stood.value != newest.value):
            certain.add(key.customer_ref)
        elif newer:
            perhaps.append((stood, newest))
    return News(tuple(rows), frozenset(certain), tuple(perhaps))


def overtaking(
    perhaps: Iterable[tuple[Standing, Statement]],
    others: Mapping[int, Sequence[Other]],
    person_of: Mapping[int, int],
) -> set[int]:
    """Return the refs of *perhaps* whose statement overtakes one of another value.

    *others* are all statements of each person as they stand after it was written.
    """
    return {
        new.customer_ref
        for old, new in perhaps
        for other in others.get(person_of[new.customer_ref], ())
        if (other.attribute, other.basis) == (new.attribute, new.basis)
        and other.value != new.value
        and old.version <= other.version < new.version
    }


def _newest(taken: Iterable[Taken]) -> dict[Key, Taken]:
    found: defaultdict[Key, list[Taken]] = defaultdict(list)
    for one in taken:
        found[one.statement.key].append(one)
    return {key: max(held, key=lambda t: t.statement.version) for key, held in found.items()}
