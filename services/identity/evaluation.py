"""How well records become persons, where it is known who is who: pairs, and what each rule did."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from msgspec import Struct

from services.identity.persons import Id, Note


class Part(Struct, frozen=True):
    """What one rule joined or refused, in pairs of records; *right* are those of one person."""

    pairs: int
    right: int


class Evaluation(Struct, frozen=True):
    """Records, persons and pairs of records; shares are null where nothing can be shared."""

    records: int
    anonymous: int  # by nothing of theirs are they known again
    persons_true: int
    persons_found: int
    pairs_true: int
    pairs_found: int
    pairs_right: int
    precision: float | None
    recall: float | None
    f1: float | None
    largest: int  # records of the person that has most
    rules: dict[str, Part]


def evaluate(
    found: Mapping[str, Hashable],
    truth: Mapping[str, str],
    anonymous: int,
    rules: Mapping[str, Part],
) -> Evaluation:
    """Compare who was *found* to be the person of each record with the *truth*."""
    right = _pairs((found[record], truth[record]) for record in found)
    pairs_found, pairs_true = _pairs(found.values()), _pairs(truth[r] for r in found)
    precision, recall = _share(right, pairs_found), _share(right, pairs_true)
    return Evaluation(
        records=len(found),
        anonymous=anonymous,
        persons_true=len({truth[record] for record in found}),
        persons_found=len(set(found.values())),
        pairs_true=pairs_true,
        pairs_found=pairs_found,
        pairs_right=right,
        precision=precision,
        recall=recall,
        f1=_share(2 * right, pairs_found + pairs_true),
        largest=max(Counter(found.values()).values(), default=0),
        rules=dict(sorted(rules.items())),
    )


class Rules:
    """Notes what each rule joins and refuses; *true* are the persons of each ref's records."""

    def __init__(self, true: Mapping[Id, Sequence[str]]) -> None:
        self._true = true
        self._pairs: Counter[str] = Counter()
        self._right: Counter[str] = Counter()
        for persons in true.values():
            self._pairs["same claims"] += _of(len(persons))
            self._right["same claims"] += _pairs(persons)

    @property
    def note(self) -> Note:
        """Return what ``persons`` is to tell."""

        def note(rule: str, one: Sequence[Id], other: Sequence[Id]) -> None:
            here, there = self._persons(one), self._persons(other)
            self._pairs[rule] += here.total() * there.total()
            self._right[rule] += sum(n * there[person] for person, n in here.items())

        return note

    def parts(self) -> dict[str, Part]:
        """Return what was noted; what was refused by one key another may have joined."""
        return {rule: Part(n, self._right[rule]) for rule, n in self._pairs.items() if n}

    def _persons(self, refs: Iterable[Id]) -> Counter[str]:
        return Counter(person for ref in refs for person in self._true[ref])


def _pairs(clusters: Iterable[Hashable]) -> int:
    return sum(map(_of, Counter(clusters).values()))


def _of(count: int) -> int:
    return count * (count - 1) // 2


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None
