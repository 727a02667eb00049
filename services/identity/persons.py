"""Which customer_refs are one person: decided by the set of their claims, in whatever order."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from services.identity.traits import NOTHING, Traits, borrowed, contradict

#: What joins alone, the strongest first.
STRONG = ("number", "email", "phone")
#: What joins where both agree. Initials follow from the name, so those two say no more than one;
#: kinds that are not named here join nobody.
WEAK = (
    ("birth_postal", "initials_birth"),
    ("birth_postal", "name_address"),
    ("birth_postal", "name_birth"),
    ("initials_birth", "name_address"),
    ("name_address", "name_birth"),
)
#: A key with more different given names, birth dates, e-mails or phones than this joins nobody.
MANY = 8

Key = bytes
Id = bytes


class Ref(Struct, frozen=True):
    """A customer_ref, and all that was ever claimed of it."""

    id: Id
    organisation: str
    keys: dict[str, Key]  # by kind; of the newest version
    traits: Traits = NOTHING


#: Told of each joining: its rule, and the refs of either side; and of refusals, with None.
Note = Callable[[str, Sequence[Id], Sequence[Id]], None]


def _unnoted(_rule: str, _one: Sequence[Id], _other: Sequence[Id]) -> None:
    """Take no note."""


def is_hub(kind: str, refs: Iterable[Ref]) -> bool:
    """Tell whether *refs*, all with one key of *kind*, are too many to be one household.

    A box office's e-mail, a placeholder phone, a reseller. Numbers are counted of the nameless, and
    within an organisation: a person has one at each, and shops give guests a new one every time.
    More refs only ever make it more of a hub, so their order does not matter.
    """
    seen: defaultdict[object, set[object]] = defaultdict(set)
    for ref in refs:
        for what, value in _told(kind, ref):
            seen[what].add(value)
            if len(seen[what]) > MANY:
                return True
    return False


def _told(kind: str, ref: Ref) -> Iterator[tuple[object, object]]:
    traits = ref.traits
    if not traits.told and "number" in ref.keys:
        yield ref.organisation, ref.keys["number"]
    if given := (traits.given - traits.initials if traits.given else traits.family):
        yield "name", given
    if len(traits.birth) == 3:
        yield "birth", traits.birth[2]
    for other in ("email", "phone"):
        if other != kind and other in ref.keys:
            yield other, ref.keys[other]


def persons(refs: Collection[Ref], hubs: Collection[Key], note: Note = _unnoted) -> dict[Id, Id]:
    """Return the person of each of *refs*, named by the smallest ref that is theirs.

    *refs* must be closed: who shares a key that is no hub is there too. Edges are taken in the
    order of strength and key; one that would join contradictory refs is refused.
    """
    forest = _Forest(refs)
    several = [pair for pair in _groups(refs, hubs).items() if len(pair[1]) > 1]
    for (_, rule, _key), members in sorted(several):
        forest.join(rule, members, note)
    return {ref.id: forest.find(ref.id) for ref in refs}


def _groups(refs: Iterable[Ref], hubs: Collection[Key]) -> dict[tuple[int, str, Key], list[Id]]:
    """Return who shares a strong key, or two weak ones, by strength, rule and key."""
    groups: defaultdict[tuple[int, str, Key], list[Id]] = defaultdict(list)
    for ref in refs:
        keys = {kind: key for kind, key in ref.keys.items() if key not in hubs}
        for strength, kind in enumerate(STRONG):
            if kind in keys:
                groups[strength, kind, keys[kind]].append(ref.id)
        if "birth_postal" in keys or "name_address" in keys:
            for one, other in WEAK:
                if one in keys and other in keys:
                    rule = f"{one}+{other}"
                    groups[len(STRONG), rule, keys[one] + keys[other]].append(ref.id)
    return groups


class _Forest:
    """Clusters that grow; each knows the different traits of its refs, and all of its refs."""

    def __init__(self, refs: Iterable[Ref]) -> None:
        self._parent = {ref.id: ref.id for ref in refs}
        self._traits: dict[Id, frozenset[Traits]] = {
            ref.id: frozenset((ref.traits,)) if ref.traits != NOTHING else frozenset()
            for ref in refs
        }
        self._members: dict[Id, list[Id]] = {ref.id: [ref.id] for ref in refs}

    def find(self, ref: Id) -> Id:
        """Return the cluster of *ref*, named by its smallest."""
        parent = self._parent
        while parent[ref] != ref:
            parent[ref] = ref = parent[parent[ref]]
        return ref

    def join(self, rule: str, refs: Iterable[Id], note: Note) -> None:
        """Join the clusters of *refs*, all of whom *rule* says are one, where nothing contradicts.

        Who fits several that contradict each other is left out: it would be a guess.
        """
        clusters = sorted({self.find(ref) for ref in refs})
        if len(clusters) < 2:
            return
        kept: list[Id] = []
        for cluster in sorted(self._alike(rule, clusters, note), key=self._order):
            fits = []
            for other in kept:
                why = self._contradict(cluster, other)
                if why is None:
                    fits.append(other)
                else:
                    note(f"refused by {why}", self._members[cluster], self._members[other])
            if len(fits) == 1 and self._borrows(rule, cluster, fits[0]):
                note("refused by e-mail", self._members[cluster], self._members[fits.pop()])
            if not fits:
                kept.append(cluster)
            elif len(fits) == 1:
                kept[kept.index(fits[0])] = self._union(rule, fits[0], cluster, note)
            else:
                note("left out", self._members[cluster], ())

    def _alike(self, rule: str, clusters: Iterable[Id], note: Note) -> list[Id]:
        """Join those of the same traits, which cannot contradict; so ten thousand are quick."""
        found: dict[frozenset[Traits], Id] = {}
        for cluster in clusters:
            traits = self._traits[cluster]
            other = found.get(traits)
            found[traits] = cluster if other is None else self._union(rule, other, cluster, note)
        return list(found.values())

    def _order(self, cluster: Id) -> tuple[int, Id]:
        """Whoever is known best comes first, so that the others can see whom they fit."""
        return -max((t.known for t in self._traits[cluster]), default=0), cluster

    def _contradict(self, one: Id, other: Id) -> str | None:
        for a in self._traits[one]:
            for b in self._traits[other]:
                if why := contradict(a, b):
                    return why
        return None

    def _borrows(self, rule: str, one: Id, other: Id) -> bool:
        """Tell whether one is known by the other's e-mail; where several have it, all may be it.

        A number or a phone tells more than whose e-mail was given with it.
        """
        return rule == "email" and borrowed(self._traits[one], self._traits[other])

    def _union(self, rule: str, one: Id, other: Id, note: Note) -> Id:
        note(rule, self._members[one], self._members[other])
        root, child = min(one, other), max(one, other)
        self._parent[child] = root
        few, many = sorted((self._members[one], self._members.pop(child)), key=len)
        many += few
        self._members[root] = many
        if self._traits[root] != self._traits[child]:
            self._traits[root] |= self._traits[child]
        del self._traits[child]
        return root
