"""Which sources are stopped, as ``sources.stopped`` says: the last message of a key stands."""

from collections.abc import Iterable

from kudos import avro
from kudos.records import StoppedSource
from kudos.stream import Message
from kudos.topics import STOPPED

#: A vendor, or source of profiles, and an organisation.
Name = tuple[str, str]


def name_of(message: Message) -> Name:
    """Return whom *message* is about."""
    organisation, _, vendor = (message.key or b"").decode().partition("/")
    return vendor, organisation


def stopped(source: StoppedSource) -> Message:
    """Return the message that stops *source*."""
    key = f"{source.organisation}/{source.vendor}".encode()
    return Message(STOPPED.name, key, avro.encode(source))


def resumed(name: Name) -> Message:
    """Return the message that takes the source *name* in again."""
    vendor, organisation = name
    return Message(STOPPED.name, f"{organisation}/{vendor}".encode(), None)


def standing(messages: Iterable[Message]) -> list[StoppedSource]:
    """Return what is stopped after *messages*, the first stopped first."""
    found: dict[Name, StoppedSource] = {}
    for message in messages:
        if message.value is None:
            found.pop(name_of(message), None)
        else:
            found[name_of(message)] = avro.decode(message.value, StoppedSource)
    return sorted(found.values(), key=lambda s: (s.stopped_at, s.organisation, s.vendor))
