"""Work out exactly what follows from published tickets: every sum that is a combination of them.

The unknowns are the sales of organisations that nothing tells apart, by month and kind. What is
published spans a space; whatever lies in it is known, by whatever subtraction: a part of another, a
tracker, a complement, a piece that groups cut out, a change from one cut to the next.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, product

import numpy as np

from services.query.disclosure.model import By, CellKey, Rules
from tests.attacker.campaign import Cut
from tests.attacker.crowds import Behind, thin
from tests.attacker.truth import PERIODS, Part, Truth, alike
from tests.attacker.world import FIRST, MONTHS, Visit

Atom = tuple[str, int, tuple[str, str]]
#: So many random combinations of what is not known: what is orthogonal to all of them is known.
_PROBES = 3


class Frame:
    """The unknowns of a campaign, and the sums of them that are worth a try."""

    def __init__(self, cuts: list[Cut]) -> None:
        truths = [cut.truth for cut in cuts]
        self.classes = alike(truths)
        self.leaves = truths[-1].leaves
        self.shape = len(self.classes), len(MONTHS), len(self.leaves)
        self.kinds = self._kinds(truths[-1])
        self.named = [self._places(truth) for truth in truths]

    def _kinds(self, truth: Truth) -> dict[str, np.ndarray]:
        """Return each value of a breakdown, what is left without it, and each two together."""
        singles = {by: inside for by, inside in truth.bys.items() if len(by) == 1}
        found = {"all": frozenset(self.leaves)}
        for by, inside in truth.bys.items():
            if by:
                found[" and ".join(value for _, value in by)] = inside
                found["all but " + " and ".join(value for _, value in by)] = found["all"] - inside
        for (one, inside), (other, too) in combinations(singles.items(), 2):
            if one[0][0] == other[0][0]:
                found[f"{one[0][1]}+{other[0][1]}"] = inside | too
        return {
            name: np.array([leaf in inside for leaf in self.leaves])
            for name, inside in found.items()
        }

    def scope(self, truth: Truth, scope: str) -> np.ndarray:
        """Say which classes are in a group, by month."""
        return np.array(
            [
                [scope in truth.scopes.get((names[0], month), ()) for month in MONTHS]
                for names in self.classes
            ]
        )

    def _places(self, truth: Truth) -> dict[str, np.ndarray]:
        """Return groups, what they share and have alone, and the least that can be told apart."""
        groups = {scope: self.scope(truth, scope) for scope in truth.groups}
        found = dict(groups)
        for (one, mine), (other, theirs) in combinations(groups.items(), 2):
            found[f"{one} and {other}"] = mine & theirs
            found[f"{one} without {other}"] = mine & ~theirs
            found[f"{other} without {one}"] = theirs & ~mine
        for index, names in enumerate(self.classes):
            found["/".join(names)] = np.zeros((self.shape[0], self.shape[1]), bool)
            found["/".join(names)][index] = True
        return found

    def whens(self) -> dict[str, np.ndarray]:
        """Return every set of months."""
        sets = chain.from_iterable(combinations(MONTHS, n) for n in range(1, len(MONTHS) + 1))
        return {f"months {months}": np.array([m in months for m in MONTHS]) for months in sets}


class Known:
    """What follows from some of the published sums of one cut."""

    def __init__(self, frame: Frame, cut: Cut, number: int | None) -> None:
        """Take what was computed at the cut of that *number*, or with None all that is shown.

        What stands from an earlier cut is a little off; of that the best fit is made.
        """
        rows, values = [], []
        for scope, period, by, inside in _asked(frame, cut.truth):
            key = CellKey("tickets", scope, period, by)
            if known(cut, key, number):
                months = np.isin(MONTHS, PERIODS[period])
                rows.append(np.multiply.outer(frame.scope(cut.truth, scope) & months, inside))
                values.append(cut.shown.get(key, 0))
        matrix = np.array(rows, float).reshape(len(rows), np.prod(frame.shape))
        worth, vectors = np.linalg.eigh(matrix.T @ matrix)
        free, fixed = vectors[:, worth < 1e-8], vectors[:, worth >= 1e-8]
        fit = fixed @ (fixed.T @ (matrix.T @ np.array(values, float)) / worth[worth >= 1e-8])
        self.fit = fit.reshape(frame.shape)
        probes = free @ np.random.default_rng(1).normal(size=(free.shape[1], _PROBES))
        self.frame, self.probes = frame, probes.reshape(*frame.shape, _PROBES)

    def of(self, places: np.ndarray) -> np.ndarray:
        """Say for each place (by class and month) and each kind whether their sum is known."""
        kinds = np.array(list(self.frame.kinds.values()), float)
        left = np.einsum("wcm,cmlp,kl->wkp", places, self.probes, kinds, optimize=True)
        known: np.ndarray = np.abs(left).max(axis=2) < 1e-6
        return known


def _asked(frame: Frame, truth: Truth) -> Iterator[tuple[str, str, By, np.ndarray]]:
    for scope, period, (by, inside) in product(truth.groups, PERIODS, truth.bys.items()):
        yield scope, period, by, np.array([leaf in inside for leaf in frame.leaves])


def known(cut: Cut, key: CellKey, number: int | None) -> bool:
    """Say whether a value tells of its cut, or with None, nearly."""
    if key not in cut.shown and key not in cut.why:
        return True  # no cell is no sale
    if key not in cut.shown or number is not None:
        return key in cut.shown and number == cut.since[key]
    # what was shown before a period was over is not of all of it
    return cut.since[key] > 0 or max(PERIODS[key.period]) in FIRST


def levels(cuts: list[Cut], rules: Rules) -> Iterator[str]:
    """Find sums that are known after a cut and behind which there are too few."""
    frame = Frame(cuts)
    exactly: list[Known] = []
    for number, cut in enumerate(cuts):
        places = _in_months(frame, number)
        # what was known exactly at an earlier cut was judged then, and cannot be taken back
        earlier = {
            one
            for before, space in enumerate(exactly)
            for one in _found(space, _in_months(frame, before))
        }
        exactly.append(Known(frame, cut, number))
        for space in (exactly[-1], Known(frame, cut, None)) if number else exactly:
            for place, kind in _found(space, places):
                if space is not exactly[-1] and (place, kind) in earlier:
                    continue
                behind, real = _behind(cut.truth, _atoms(frame, places[place], kind))
                off = abs((space.fit * _block(frame, places[place], kind)).sum() - real)
                if off <= rules.p * real and (wrong := thin(behind, rules)):
                    yield f"tickets of {kind} in {place} at cut {number}: {wrong}"


def _block(frame: Frame, place: np.ndarray, kind: str) -> np.ndarray:
    block: np.ndarray = np.multiply.outer(place, frame.kinds[kind])
    return block


def _behind(truth: Truth, atoms: Iterable[Atom]) -> tuple[Behind, int]:
    behind, real = Behind(), 0
    for atom in atoms:
        part = truth.parts.get(atom)
        if part is not None:
            behind.add(truth.owner[atom[0]], atom[0], part.tickets, part)
            real += part.tickets
    return behind, real


def changes(cuts: list[Cut], rules: Rules) -> Iterator[str]:
    """Find sums that are known at two cuts and between which too few did something."""
    frame = Frame(cuts)
    spaces = [Known(frame, cut, number) for number, cut in enumerate(cuts)]
    for before, after in combinations(range(len(cuts)), 2):
        olds, news = _in_months(frame, before), _in_months(frame, after)
        first = set(_found(spaces[before], olds))
        differ = _differing(cuts[before].truth, cuts[after].truth)
        for place, kind in _found(spaces[after], news):
            if (place, kind) in first:
                old = set(_atoms(frame, olds[place], kind))
                new = set(_atoms(frame, news[place], kind))
                behind = _changed((cuts[before].truth, cuts[after].truth), old, new, differ)
                if wrong := thin(behind, rules):
                    yield f"change of {kind} in {place} from cut {before} to {after}: {wrong}"


def _changed(
    truths: tuple[Truth, Truth], old: set[Atom], new: set[Atom], differ: dict[Atom, list[Visit]]
) -> Behind:
    amounts: dict[str, int] = {}
    parts: dict[str, Part] = {}
    nothing = Part()
    for atom in old | new:
        before = truths[0].parts.get(atom, nothing) if atom in old else nothing
        after = truths[1].parts.get(atom, nothing) if atom in new else nothing
        amounts[atom[0]] = amounts.get(atom[0], 0) + after.tickets - before.tickets
        touched = parts.setdefault(atom[0], Part())
        if atom in old and atom in new:
            for v in differ.get(atom, ()):
                touched.persons |= 0 if v.person is None else 1 << v.person
                touched.nobody += v.person is None
        else:
            touched.add(before)
            touched.add(after)
    behind = Behind()
    for name, amount in amounts.items():
        owner = truths[1].owner.get(name) or truths[0].owner[name]
        behind.add(owner, name, amount, parts[name])
    return behind


def _differing(old: Truth, new: Truth) -> dict[Atom, list[Visit]]:
    found: dict[Atom, list[Visit]] = {}
    for v in set(old.visits) ^ set(new.visits):
        found.setdefault((v.organisation, v.month, new.leaf(v)), []).append(v)
    return found


def _in_months(frame: Frame, number: int) -> dict[str, np.ndarray]:
    return {
        f"{place}, {when}": inside & months
        for (place, inside), (when, months) in product(
            frame.named[number].items(), frame.whens().items()
        )
    }


def _found(space: Known, places: dict[str, np.ndarray]) -> list[tuple[str, str]]:
    inside = np.array(list(places.values()), float)
    names, kinds = list(places), list(space.frame.kinds)
    return [(names[w], kinds[k]) for w, k in np.argwhere(space.of(inside)) if inside[w].any()]


def _atoms(frame: Frame, place: np.ndarray, kind: str) -> Iterator[Atom]:
    leaves = [leaf for leaf, of in zip(frame.leaves, frame.kinds[kind], strict=True) if of]
    for index, at in np.argwhere(place):
        for name, leaf in product(frame.classes[index], leaves):
            yield name, MONTHS[at], leaf
