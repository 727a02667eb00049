"""Bring persons up to what was claimed: what a batch touched is found, and resolved anew."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from msgspec import Struct

from services.identity.persons import (
    MANY,
    STRONG,
    WEAK,
    Id,
    Key,
    Note,
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
        self._own: defaultdict[str, list[Id]] = defaultdict(list)

    def put(self, ref: Id, row: Row, before: Row | None) -> None:
        """Note what is claimed of *ref* now."""
        organisation = short(row.organisation)
        old = before.keys if before is not None else {}
        is_shared = is_own = before is not None
        for kind, key in row.keys.items():
            if old.get(kind) != key:
                shared, own = self._change.enter(ref, organisation, key)
                is_shared |= shared
                is_own |= own
        if before is None:
            self._new[ref] = row.organisation
        if is_shared:
            self._touched.append(ref)
        if is_own:
            self._own[row.organisation].append(ref)
        self._change.put(ref, row)

    def touch(self, ref: Id) -> None:
        """Let *ref*, and whoever it is joined to, be resolved anew."""
        self._touched.append(ref)
        self._own[self._ref(ref).organisation].append(ref)

    def resolve(self) -> list[Moved]:
        """Return whose person or own person is another now, and note it."""
        person = self._persons(self._touched, None)
        own: dict[Id, Id] = {}
        for organisation, refs in self._own.items():
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

    def explain(self, note: Note) -> None:
        """Let *note* be told how those that were touched, and whom they are joined to, became."""
        view = _View(self._change, self._ref, None)
        persons(view.closed(self._touched), view.hubs, note)

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
        weak: dict[str, list[Id]] = {}
        for kind, key in one.keys.items():
            if kind not in STRONG:
                if len(refs := self._sharers(kind, key)) > 1:
                    weak[kind] = refs
            elif key not in self._sharing:
                self._open += self._sharers(kind, key)
        if len(weak) > 1:
            for here, there in WEAK:
                if here in weak and there in weak:
                    self._open += set(weak[here]).intersection(weak[there])

    def _sharers(self, kind: str, key: Key) -> list[Id]:
        """Return who has *key*, where there are several; nobody where it is a hub."""
        found = self._sharing.get(key)
        if found is None:
            found = self._sharing[key] = self._asked(kind, key)
        return found

    def _asked(self, kind: str, key: Key) -> list[Id]:
        count = self._change.shared(key)
        if count < 2:
            return []
        if count > MANY and self._change.is_hub(key, self._within):
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
