"""Dead letters as they lie on their topics: which of them stand open, and where they came from."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from kudos.stream import Headers, Message

_DEAD = ".dead"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What a stage adds to the headers of what it refuses.
_WHY = frozenset({"stage", "reason", "detail", "partition", "offset", "read_as"})
_RAW = re.compile(r"[^/]*/[^/]*/raw:[0-9a-f]{64}")


class Letter(Struct, frozen=True):
    """One dead letter; *topic* is the one that its original was on its way to."""

    id: str  # topic/partition/offset of the letter
    topic: str
    stage: str
    reason: str
    detail: str
    organisation: str
    vendor: str
    received_at: datetime | None
    message: Message

    @property
    def unit(self) -> str:
        """Return the name or id of its unit; of a transaction it holds the vendor's own number."""
        message = self.message
        return message.header("unit_id") or message.header("unit") or (message.key or b"").decode()

    @property
    def raw(self) -> str | None:
        """Return its unit where that is a record in which no transaction could be read."""
        return self.unit if _RAW.fullmatch(self.unit) else None

    @property
    def replays(self) -> Headers:
        """Return the headers by which the ledger knows what a replay makes of it."""
        raw = () if self.raw is None else (("replaces", self.raw.encode()),)
        return (("replays", self.id.encode()), *raw)

    def original(self, value: bytes) -> Message:
        """Return the message that was refused, whose opened *value* it is, where it came from."""
        message, partition = self.message, self.message.header("partition")
        headers: Headers = tuple(h for h in message.headers if h[0] not in _WHY)
        place = int(partition) if partition else None
        return Message(self.topic, message.key, value, headers, partition=place)

    def replayed(self) -> Message:
        """Return the note, beside the letter, that it has been replayed."""
        message = self.message
        headers = (*message.headers, ("state", b"replayed"), ("letter", self.id.encode()))
        return Message(message.topic, message.key, None, headers, partition=message.partition)


class Wanted(Struct, frozen=True):
    """Which letters are asked for; what is None or empty does not matter."""

    ids: frozenset[str] = frozenset()
    topic: str | None = None
    reason: str | None = None
    stage: str | None = None
    organisation: str | None = None
    vendor: str | None = None
    since: datetime | None = None  # of the time of receipt
    until: datetime | None = None

    def __contains__(self, letter: Letter) -> bool:
        """Tell whether *letter* is one of them."""
        names = ("reason", "stage", "organisation", "vendor")
        at = letter.received_at or _EPOCH
        return (
            (not self.ids or letter.id in self.ids)
            and (self.topic is None or self.topic.removesuffix(_DEAD) == letter.topic)
            and all(getattr(self, name) in {None, getattr(letter, name)} for name in names)
            and (self.since is None or self.since <= at)
            and (self.until is None or at < self.until)
        )


class Group(Struct, frozen=True, order=True):
    """Letters that are alike; times are of receipt, None where nobody stamped one."""

    organisation: str
    vendor: str
    topic: str
    stage: str
    reason: str
    many: int
    first: datetime | None
    last: datetime | None


def grouped(letters: Iterable[Letter]) -> list[Group]:
    """Return how many of *letters* are alike, the most first."""
    found: dict[tuple[str, str, str, str, str], list[Letter]] = {}
    for one in letters:
        alike = (one.organisation, one.vendor, one.topic, one.stage, one.reason)
        found.setdefault(alike, []).append(one)
    groups = []
    for alike, some in found.items():
        times = [x.received_at for x in some if x.received_at is not None]
        first, last = min(times, default=None), max(times, default=None)
        groups.append(Group(*alike, len(some), first, last))
    return sorted(groups, key=lambda g: (-g.many, g.organisation, g.vendor, g.topic, g.reason))


def standing(messages: Iterable[Message]) -> Iterator[Letter]:
    """Yield the letters among *messages* of dead-letter topics that no note says were replayed."""
    letters: dict[str, Message] = {}
    for message in messages:
        if message.header("state") == "replayed":
            letters.pop(message.header("letter") or "", None)
        else:
            letters[f"{message.topic}/{message.partition}/{message.offset}"] = message
    for id_, message in letters.items():
        yield letter(id_, message)


def letter(id_: str, message: Message) -> Letter:
    """Return *message* of a dead-letter topic as a letter."""
    stamp = message.header("received_at") or ""
    return Letter(
        id=id_,
        topic=message.topic.removesuffix(_DEAD),
        stage=message.header("stage") or "",
        reason=message.header("reason") or "",
        detail=message.header("detail") or "",
        organisation=message.header("organisation") or "",
        vendor=message.header("vendor") or "",
        received_at=_EPOCH + timedelta(microseconds=int(stamp)) if stamp.isdigit() else None,
        message=message,
    )
