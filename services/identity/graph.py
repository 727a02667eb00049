"""Bring persons up to what was claimed: what a batch touched is found, and resolved anew."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations

from msgspec import Struct

from services.identity.persons import (
    IMPLIED,
    MANY,
    STRONG,
    Id,
    Key,
    Ref,
    is_hub,
    persons,
)
from services.identity.state import Change, Row, short
from services.identity.traits import Traits

#: Of a person, what stands in a link.
_PERSON = 8


class Moved(Struct, frozen=True):
    """A ref whose person or own person is another than it was."""

    ref: Id
    organisation: str
    now: bytes  # person and own person, 8 bytes each
    before: bytes | None  # None: it had no link


class Graph:
    """The refs of a state, for one batch; *read* opens what is sealed in a row."""

    def __init__(self, change: Change, read: Callable[[Row], Traits]) -> None:
        self._change, self._read = change, read
        self._refs: dict[Id, Ref] = {}
        self._new: dict[Id, str] = {}
        self._touched: list[Id] = []

    def put(self, ref: Id, row: Row, before: Row | None) -> None:
        """Note what is claimed of *ref* now."""
        organisation = short(row.organisation)
        old = before.keys if before is not None else {}
        is_shared = False
        for kind, key in row.keys.items():
            if old.get(kind) != key:
                is_shared |= self._change.enter(ref, organisation, key)
        if before is None:
            self._new[ref] = row.organisation
        if before is not None or is_shared:
            self.touch(ref)
        self._change.put(ref, row)

    def touch(self, ref: Id) -> None:
        """Let *ref*, and whoever it is joined to, be resolved anew."""
        self._touched.append(ref)

    def resolve(self) -> list[Moved]:
        """Return whose person or own person is another now, and note it."""
        person = self._persons(self._touched, None)
        own: dict[Id, Id] = {}
        starts: defaultdict[str, list[Id]] = defaultdict(list)
        for ref in self._touched:
            starts[self._ref(ref).organisation].append(ref)
        for organisation, refs in starts.items():
            own |= self._persons(refs, organisation)
        moved = []
        for ref in self._new.keys() | person.keys() | own.keys():
            before = self._change.link(ref)
            # who shares nothing with anybody, or in this view was not touched, is as it was
            alone = ref[:_PERSON]
            first, second = (before[:_PERSON], before[_PERSON:]) if before else (alone, alone)
            now = person.get(ref, first)[:_PERSON] + own.get(ref, second)[:_PERSON]
            if now != before:
                self._change.put_link(ref, now)
                moved.append(Moved(ref, self._organisation(ref), now, before))
        return moved

    def _organisation(self, ref: Id) -> str:
        return self._new.get(ref) or self._ref(ref).organisation

    def _persons(self, starts: Iterable[Id], organisation: str | None) -> dict[Id, Id]:
        """Return the persons of *starts* and all whom they are joined to."""
        view = _View(self._change, self._ref, organisation)
        closed = view.closed(starts)
        return persons(closed, view.hubs)

    def _ref(self, ref: Id) -> Ref:
        found = self._refs.get(ref)
        if found is None:
            row = self._change.row(ref)
            if row is None:
                raise LookupError("a key names a ref that is not there")
            found = self._refs[ref] = Ref(ref, row.organisation, row.keys, self._read(row))
        return found


class _View:
    """What the network sees, or one organisation of its own claims."""

    def __init__(self, change: Change, ref: Callable[[Id], Ref], organisation: str | None) -> None:
        self._change, self._ref = change, ref
        self._within = b"" if organisation is None else short(organisation)
        #: The hubs among the keys of what is closed.
        self.hubs: set[Key] = set()
        self._sharing: dict[Key, list[Id]] = {}
        self._open: list[Id] = []

    def closed(self, starts: Iterable[Id]) -> list[Ref]:
        """Return *starts* and whoever shares a key with them that is no hub, and so on."""
        found: dict[Id, Ref] = {}
        self._open = list(starts)
        while self._open:
            ref = self._open.pop()
            if ref not in found:
                one = found[ref] = self._ref(ref)
                self._follow(one)
        return list(found.values())

    def _follow(self, one: Ref) -> None:
        weak = []
        for kind, key in sorted(one.keys.items()):
            if kind not in STRONG:
                weak.append((kind, key, self._sharers(kind, key)))
            elif key not in self._sharing:
                self._open += self._sharers(kind, key)
        for (a, _, here), (b, _, there) in combinations(weak, 2):
            if len(here) > 1 and len(there) > 1 and (a, b) not in IMPLIED:
                self._open += set(here).intersection(there)

    def _sharers(self, kind: str, key: Key) -> list[Id]:
        """Return who has *key*; nobody where it is a hub."""
        found = self._sharing.get(key)
        if found is None:
            found = self._sharing[key] = self._asked(kind, key)
        return found

    def _asked(self, kind: str, key: Key) -> list[Id]:
        if self._change.is_hub(key, self._within):
            self.hubs.add(key)
            return []
        refs = self._change.sharing(key, self._within)
        if len(refs) > MANY and is_hub(kind, map(self._ref, refs)):
            # whoever was joined through it is to be resolved without it
            self._change.put_hub(key, self._within)
            self.hubs.add(key)
            self._open += refs
            return []
        return refs
