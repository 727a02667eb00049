"""The loop of resolve: wait to be the active one, bring the state up to date, follow the claims."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from kudos import avro
from kudos.records import CustomerRecord, Link
from kudos.stream import Message
from kudos.topics import LINKS, RECORDS
from kudos.transactions import Fenced, Turn
from services.identity.persons import Id
from services.identity.resolve import Resolver, links, record
from services.identity.state import Change, Reflected, State

log = logging.getLogger(__name__)
T = TypeVar("T")

#: What the rules are: where a release decides otherwise, everything is resolved anew.
RULES = 2
#: Messages or refs of one transaction, when everything is gone through.
_MANY = 5000

#: The resolver's step, timed.
Step = Callable[[Change, Sequence[Message]], list[Message]]


def run(turns: Iterable[Turn], state: State, resolver: Resolver, step: Step) -> None:
    """Resolve whenever it is this instance's turn; *step* is the resolver's, timed.

    The outputs and the group's offset are committed on the broker first, and then the state with
    the same offset. Who dies between the two finds the state behind, and reads those claims again.
    """
    for turn in turns:
        try:
            _follow(turn, state, resolver, step)
        except Fenced:
            log.warning("another instance resolves now")


def _follow(turn: Turn, state: State, resolver: Resolver, step: Step) -> None:
    start = ready(turn, state, resolver)
    log.info("resolving", extra={"offset": start})
    for batch in turn.batches(start):
        past = max(m.offset or 0 for m in batch) + 1
        with state.change() as change:
            outputs = step(change, batch)
            turn.commit(outputs, past)
            change.reflects = _reflected(turn, resolver, past)


def ready(turn: Turn, state: State, resolver: Resolver) -> int:
    """Return where to read on from; a state that is not that of the topics is made anew."""
    committed, begins = turn.committed(), turn.begins()
    with state.change() as change:
        was = change.reflects
    if (
        was is not None
        and was == _reflected(turn, resolver, was.offset)
        and (was.offset == committed or begins <= was.offset < committed)
    ):
        return was.offset
    log.info("rebuilding")
    rebuild(turn, state, resolver, committed)
    return committed


def _reflected(turn: Turn, resolver: Resolver, offset: int) -> Reflected:
    return Reflected(offset, turn.cluster, resolver.versions, RULES)


def rebuild(turn: Turn, state: State, resolver: Resolver, committed: int) -> None:
    """Make the state anew from records and links, which tell all that was *committed*.

    Everybody is resolved again. That says nothing new, unless the rules or the version of the keys
    are: then what differs is said.
    """
    with state.change() as change:
        change.empty()
    older = _read_records(turn, state, resolver)
    _read_links(turn, state)
    for ids in _chunks(iter(sorted(older))):
        with state.change() as change:
            rows = [(ref, change.row(ref)) for ref in ids]
            turn.commit([record(r, w, resolver.versions) for r, w in rows if w is not None], None)
    after: Id | None = b""
    while after is not None:
        with state.change() as change:
            after = _resolve_some(turn, change, resolver, after)
    with state.change() as change:
        change.reflects = _reflected(turn, resolver, committed)


def _read_records(turn: Turn, state: State, resolver: Resolver) -> set[Id]:
    """Take in the records; return those that an earlier version of the keys made."""
    older: set[Id] = set()
    newest = f".{resolver.versions}"
    for chunk in _chunks(turn.held(RECORDS.name)):
        with state.change() as change:
            graph = resolver.graph(change)
            for message in chunk:
                ref = bytes.fromhex((message.key or b"").decode())
                older.discard(ref)
                if message.value is None:
                    change.forget(ref)
                    continue
                said = avro.decode(message.value, CustomerRecord)
                resolver.take(graph, change, said)
                if not all(name.endswith(newest) for name in said.match_keys):
                    older.add(ref)
    return older


def _read_links(turn: Turn, state: State) -> None:
    for chunk in _chunks(turn.held(LINKS.name)):
        with state.change() as change:
            for message in chunk:
                link = None
                if message.value is not None:
                    said = avro.decode(message.value, Link)
                    link = bytes.fromhex(said.person + said.own_person)
                change.put_link(bytes.fromhex((message.key or b"").decode()), link)


def _resolve_some(turn: Turn, change: Change, resolver: Resolver, after: Id) -> Id | None:
    """Resolve those that come after *after*; return the last of them, None where none is left."""
    ids = change.refs(after, _MANY)
    if not ids:
        return None
    graph = resolver.graph(change)
    for ref in ids:
        graph.touch(ref)
    outputs = list(links(graph))
    if outputs:
        turn.commit(outputs, None)
    return ids[-1]


def _chunks(items: Iterator[T]) -> Iterator[list[T]]:
    while chunk := list(islice(items, _MANY)):
        yield chunk
