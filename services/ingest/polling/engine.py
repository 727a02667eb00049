"""One poll: pages from where the last ended, each through what a push goes through.

The broker has what a page became before the page is noted as read; a window is read until it reads
the same twice, for whatever is taken out of a list while it is paged through moves others past
the reader.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from kudos.errors import Misconfigured
from kudos.register import OSLO
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Message
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.polling import pages
from services.ingest.polling.asking import DAY, Each, NextLink, Numbered, Offset, Polling, Stream
from services.ingest.polling.client import Client, Failed
from services.ingest.polling.cursor import SIZE, Entry, Place, Store
from services.ingest.receiving import Counts, Intake

#: So often a window is read; then it is left for the next poll.
_SWEEPS = 5
#: Before it, no vendor here had an API.
_FIRST = datetime(2010, 1, 1, tzinfo=UTC)
#: So long after its end a performance is still asked of: what is paid back shows late.
_SETTLES = 14 * DAY
_GONE = frozenset({404, 410})
#: What is answered to a page that is no more.
_LOST = frozenset({400, 404, 410, 416, 422})


class Source(Struct, frozen=True):
    """What is polled: whose, how it is asked for and how it is read."""

    origin: Origin
    adapter: Adapter
    polling: Polling
    overlap: timedelta
    every: timedelta
    window: timedelta | None = None  # of what is listed by days; None: the vendor's

    @property
    def name(self) -> str:
        """Return what names it in files."""
        return ".".join(self.names)

    @property
    def names(self) -> tuple[str, str]:
        """Return its vendor and its organisation."""
        return self.origin.feed.id, self.origin.organisation.id


class Poll:
    """One poll of *source*; *deliver* returns when the broker has the messages.

    *tell* is told of each page: how many records were read, and how many of them are new; *count*
    how many transactions were accepted.
    """

    def __init__(
        self,
        source: Source,
        client: Client,
        store: Store,
        *,
        sealer: Sealer,
        dead: DeadLetters,
        deliver: Callable[[Sequence[Message]], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Callable[[int, int], None] = lambda _read, _new: None,
        count: Callable[[int], None] = lambda _accepted: None,
    ) -> None:
        self.counts = Counts()
        self._source, self._client, self._store = source, client, store
        self._sealer, self._dead, self._deliver = sealer, dead, deliver
        self._now, self._tell, self._count = now, tell, count

    def run(self) -> Counts:
        """Read all that is new; raise Failed where that cannot be, and go on there next time."""
        for stream in self._source.polling.streams:
            self._stream(stream)
        return self.counts

    def _stream(self, stream: Stream) -> None:
        end = self._now()
        through = self._store.through(stream.name)
        start = _FIRST if through is None else through - self._source.overlap
        if through is None and (begins := self._source.origin.feed.begins) is not None:
            start = datetime(begins.year, begins.month, begins.day, tzinfo=OSLO).astimezone(UTC)
        while True:
            place = self._store.place(stream.name) or self._window(stream, start, end)
            self._read(stream, place)
            if place.since is None or place.until >= end:
                return
            # where something was broken off, that was another poll's: what is since then, follows
            start = place.until

    def _window(self, stream: Stream, start: datetime, end: datetime) -> Place:
        if stream.since is None:
            return Place(None, end)
        # what has no end is asked for once
        own = self._source.window if stream.since.until else None
        return Place(start, min(start + (own or stream.since.window), end))

    def _read(self, stream: Stream, place: Place) -> None:
        """Read the window of *place*, from there on, until it reads as it did before."""
        while True:
            try:
                place = self._sweep(stream, place)
            except Failed as failed:
                reached = self._store.place(stream.name)
                if failed.status in _LOST and reached is not None and reached.page:
                    # an address that named a page of another day, say: it begins anew
                    self._store.settle(stream.name, None)
                raise
            if self._settled(stream, place):
                self._store.settle(stream.name, place.until)
                return
            if place.sweep + 1 == _SWEEPS:
                self._store.settle(stream.name, None)
                raise Failed(f"its pages changed each of the {_SWEEPS} times they were read")
            place = Place(place.since, place.until, place.sweep + 1)
            self._store.note(stream.name, place)

    def _sweep(self, stream: Stream, place: Place) -> Place:
        """Read the pages from *place* to the last; return the place behind them."""
        before: Sequence[bytes] = ()
        while not place.ended:
            body = self._page(stream, place)
            keys = self._taken(stream, body, place)
            if keys and keys == before:
                raise Failed("its pages do not move on")
            page = pages.following(stream.paging, place.page, len(keys), body)
            place = replace(place, page=page or "", read=place.read + 1, ended=page is None)
            self._store.note(stream.name, place, keys)
            before = keys
        return place

    def _page(self, stream: Stream, place: Place) -> bytes:
        path = self._path(stream.path)
        if place.page and isinstance(stream.paging, NextLink):
            return self._client.get(place.page)
        params = {**stream.params, **_days(stream, place), **pages.asked(stream, place.page)}
        return self._client.get(path, params)

    def _path(self, path: str, **more: str) -> str:
        account = self._source.origin.feed.own.get("account", "")
        if "{account}" in path and not str(account).isalnum():
            raise Misconfigured(f"{self._source.origin.feed.id}: account, the number it has there")
        return path.format(account=account, **more)

    def _taken(self, stream: Stream, body: bytes, place: Place) -> Sequence[bytes]:
        """Take what is on a page; return the names of its records."""
        if stream.each is not None:
            found = pages.listed(body, stream.lists)
            known = self._known(stream, place)
            return [self._asked_of(parent, stream.each, known) for parent in found]
        return self._take(pages.records(body, stream.lists, self._source.adapter))

    def _known(self, stream: Stream, place: Place) -> Collection[bytes]:
        """Return of what the sweep before has asked in this window."""
        keys = self._store.keys(stream.name, place.sweep - 1)
        return {keys[at : at + SIZE] for at in range(0, len(keys), SIZE)}

    def _asked_of(self, parent: bytes, each: Each, known: Collection[bytes]) -> bytes:
        """Take what there is of *parent*, unless it is *known*; return its name."""
        named = pages.said(parent, each.id, each.ends or each.id)
        if not named.get(each.id, "").isalnum():
            raise Failed(f"a record without {each.id}")
        name = self._store.hashed(b"of", named[each.id].encode())
        entry = Entry(name, self._store.hashed(parent))
        as_before = each.tells_changes and not self._store.changed([entry])[0]
        over = each.ends is not None and self._is_over(named.get(each.ends, ""))
        if (name in known and not each.tells_changes) or as_before or over:
            return name
        try:
            body = self._client.get(self._path(each.path, id=named[each.id]))
        except Failed as failed:
            if failed.status in _GONE:
                return name
            raise
        found = pages.records(body, each.lists, self._source.adapter)
        self._take([pages.completed(one, parent, each) for one in found])
        if each.tells_changes:
            self._store.remember([entry])
        return name

    def _is_over(self, said: str) -> bool:
        """Tell whether what ended then was read whole long enough after it."""
        through = self._store.through(self._source.polling.streams[0].name)
        try:
            ended = datetime.fromisoformat(said)
        except ValueError:
            return False
        aware = ended if ended.tzinfo else ended.replace(tzinfo=OSLO)
        return through is not None and aware + _SETTLES < through

    def _take(self, records: Sequence[bytes]) -> Sequence[bytes]:
        """Deliver those of *records* that are not as they were; return the names of all."""
        store, source = self._store, self._source
        receipt = store.hashed(*records).hex()
        intake = Intake(source.adapter, source.origin, self._sealer, self._dead, receipt)
        entries = [Entry(store.hashed(intake.unit(r).encode()), store.hashed(r)) for r in records]
        is_new = store.changed(entries)
        at = store.stamp(self._now())
        messages: list[Message] = []
        for record, new in zip(records, is_new, strict=True):
            if new:
                messages += intake.take(record, at)
        if messages:
            self._deliver(messages)
            self._count(intake.counts.accepted)
        store.remember(entry for entry, new in zip(entries, is_new, strict=True) if new)
        self.counts.accepted += intake.counts.accepted
        self.counts.dead += intake.counts.dead
        self.counts.ignored += intake.counts.ignored
        self._tell(len(records), sum(is_new))
        return [entry.key for entry in entries]

    def _settled(self, stream: Stream, place: Place) -> bool:
        """Tell whether nothing can have slipped past: it is one short page, or reads as before.

        What was added behind or before all else meanwhile moves nothing past the reader.
        """
        now = self._store.keys(stream.name, place.sweep)
        if not now or _is_one_page(stream, place, len(now) // SIZE):
            return True
        if place.sweep == 0:
            return False
        before = self._store.keys(stream.name, place.sweep - 1)
        return now.startswith(before) or now.endswith(before)


def _is_one_page(stream: Stream, place: Place, many: int) -> bool:
    match stream.paging:
        case Numbered(size=None):
            return False
        case Numbered(size=(_, size)) | Offset(size=(_, size)):
            # the last is empty
            return place.read <= 2 and many < size
        case _:
            return place.read == 1


def _days(stream: Stream, place: Place) -> Mapping[str, str]:
    since = stream.since
    if since is None or place.since is None:
        return {}
    first = (place.since.astimezone(OSLO) - DAY).date().isoformat()
    last = (place.until.astimezone(OSLO) + DAY).date().isoformat()
    return {since.name: first} | ({} if since.until is None else {since.until: last})
