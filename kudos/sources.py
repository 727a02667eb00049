"""Which sources are stopped, as ``sources.stopped`` says: the last message of a key stands."""

import logging
from collections.abc import Iterable

from kudos import avro
from kudos.errors import Rejected
from kudos.records import StoppedSource
from kudos.stream import Message
from kudos.topics import STOPPED

log = logging.getLogger(__name__)

#: A vendor, or source of profiles, and an organisation.
Name = tuple[str, str]


def name_of(message: Message) -> Name:
    """Return whom *message* is about."""
    organisation, _, vendor = (message.key or b"").decode(errors="replace").partition("/")
    return vendor, organisation


def stopped(source: StoppedSource) -> Message:
    """Return the message that stops *source*."""
    key = f"{source.organisation}/{source.vendor}".encode()
    return Message(STOPPED.name, key, avro.encode(source))


def resumed(name: Name) -> Message:
    """Return the message that takes the source *name* in again."""
    vendor, organisation = name
    return Message(STOPPED.name, f"{organisation}/{vendor}".encode(), None)


def said(message: Message) -> StoppedSource | None:
    """Return what *message* stops; None where it resumes, or cannot be read: that stops nobody."""
    try:
        return None if message.value is None else avro.decode(message.value, StoppedSource)
    except Rejected as rejected:
        log.warning("a message of sources.stopped cannot be read: %s", rejected.reason)
        return None


def standing(messages: Iterable[Message]) -> list[StoppedSource]:
    """Return what is stopped after *messages*, the first stopped first."""
    found: dict[Name, StoppedSource] = {}
    for message in messages:
        source = said(message)
        if source is None:
            found.pop(name_of(message), None)
        else:
            found[name_of(message)] = source
    return sorted(found.values(), key=lambda s: (s.stopped_at, s.organisation, s.vendor))
