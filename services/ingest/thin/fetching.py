"""Fetch what notifications named, until it is there: an outage of any length loses nothing."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec import Raw, Struct, field

from kudos.errors import KudosError, Rejected
from kudos.metrics import NOTICES_WAITING, TRANSACTIONS_ACCEPTED
from kudos.stream import Message, TooManyRejections
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.polling.client import Client, Failed
from services.ingest.receiving import Intake
from services.ingest.stopping import Stops
from services.ingest.thin.base import Fetch, Thin
from services.ingest.thin.lanes import Feed, Lanes
from services.ingest.thin.notices import Notice, Notices

log = logging.getLogger(__name__)

#: So long a vendor that does not answer is left alone at the most, and a record that it refuses.
_LONGEST_S, _REFUSED_S = 600.0, 3600.0
#: How often it looks though nothing came: somebody's rest may be over.
_LOOK_S = 1.0
#: Then another house of the vendor has its turn.
_TURN_S = 20.0
_BAD, _GONE = 400, frozenset({404, 410})
#: What says nothing of the one record: the vendor is away, or does not let us in.
_ALL = frozenset({None, 401, 403, 408, 425, 429, 500, 502, 503, 504})
#: It is asked for again later.
_NONE = "its answer is none"
_BOM = b"\xef\xbb\xbf"
_anything = msgspec.json.Decoder().decode
_fields = msgspec.json.Decoder(dict[str, Raw]).decode


class Rest(Struct):
    """How often in a row it failed, and until when it is left alone, by the clock."""

    failures: int = 0
    until: float = 0.0


class House(Struct):
    """What is known of one feed: its own rest, and those of records that are not to be had."""

    rest: Rest = field(default_factory=Rest)
    records: dict[int, Rest] = field(default_factory=dict)
    turn: float = 0.0  # when it had its last


class Fetcher:
    """Fetches *notices* by the clients that *client* gives, and has *deliver* store what came.

    *origin* is the register's; *stamp* tells the time of receipt. Feeds are fetched side by side,
    a few of each vendor's, each in the order of its notices; what is given to it is shared.
    """

    def __init__(
        self,
        notices: Notices,
        thin: Mapping[str, Thin],
        adapters: Mapping[str, Adapter],
        origin: Callable[[str, str], Origin | None],
        *,
        client: Callable[[Origin, Thin], Client],
        intake: Callable[[Adapter, Origin], Intake],
        deliver: Callable[[Sequence[Message]], None],
        stops: Stops,
        stamp: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notices, self._thin, self._adapters = notices, thin, adapters
        self._origin, self._client, self._intake = origin, client, intake
        self._deliver, self._stamp, self._clock = deliver, stamp, clock
        self._stops = stops
        self._houses: dict[Feed, House] = {}
        self._lanes = Lanes(notices.came.set)

    def run(self, stop: threading.Event) -> None:
        """Fetch until *stop*, what waits from before first."""
        while not stop.is_set():
            self._notices.came.clear()
            try:
                for feed in self._due():
                    self._begin(feed, stop)
            except Exception:
                log.exception("what notifications named was not fetched")
            self._notices.came.wait(_LOOK_S)

    def round(self) -> None:
        """Return when all that waits and whose time has come was fetched once, or tried."""
        waiting, stop = self._due(), threading.Event()
        while waiting := [feed for feed in waiting if not self._begin(feed, stop)]:
            self._lanes.wait()
        self._lanes.join()

    def _due(self) -> Sequence[Feed]:
        """Return whose time has come, who has waited longest first."""
        waiting = self._notices.counts()
        for feed in self._houses.keys() | waiting.keys():
            NOTICES_WAITING.labels(*feed).set(waiting.get(feed, 0))
            self._houses.setdefault(feed, House())
        due = [feed for feed in waiting if self._clock() >= self._houses[feed].rest.until]
        return sorted(due, key=lambda feed: self._houses[feed].turn)

    def _begin(self, feed: Feed, stop: threading.Event) -> bool:
        return self._lanes.begin(feed, lambda: self._turn(feed, stop))

    def _turn(self, feed: Feed, stop: threading.Event) -> bool:
        """Fetch what waits of *feed*, for a while; tell whether something was to be had."""
        house, begun = self._houses[feed], time.monotonic()
        house.turn = begun
        origin, thin = self._origin(*feed), self._thin.get(feed[0])
        notices = self._notices.waiting(feed)
        if origin is None or thin is None:
            for notice in notices:
                self._notices.done(notice)
            log.warning("%s of %s is no longer in the register: not fetched", *feed)
            return False
        if feed in self._stops.names() or not self._stops.known.is_set():
            # what is named waits on disk
            return False
        still = {notice.number for notice in notices}
        house.records = {k: v for k, v in house.records.items() if k in still}
        fetched = False
        for notice in notices:
            if stop.is_set() or self._clock() < house.rest.until:
                return False
            if time.monotonic() - begun > _TURN_S:
                break
            if self._clock() >= house.records.get(notice.number, Rest()).until:
                try:
                    fetched |= self._one(notice, origin, thin, house)
                except TooManyRejections as error:
                    self._stop(feed, error)
                    return False
        return fetched

    def _stop(self, feed: Feed, error: TooManyRejections) -> None:
        """Stop the source everywhere; what is named waits on disk."""
        messages = [self._stops.stop(feed, error)]
        self._deliver(messages)
        self._stops.note(messages)

    def _one(self, notice: Notice, origin: Origin, thin: Thin, house: House) -> bool:
        """Fetch what *notice* names; tell whether that is done."""
        name, rest = (notice.vendor, notice.organisation), house.rest
        try:
            self._fetch(notice.wanted, origin, thin)
        except Failed as failed:
            if failed.status in _ALL:
                self._leave(rest, _LONGEST_S, failed.after_s)
                if rest.failures == 1:
                    log.warning("%s of %s: %s", *name, failed)
                return False
            one = house.records.setdefault(notice.number, Rest())
            other = thin.otherwise(notice.wanted) if failed.status == _BAD else None
            if other is not None:
                self._notices.note(*name, [other])
            if other is not None or (failed.status in _GONE and one.failures >= thin.patience):
                self._notices.done(notice)
                return True
            self._leave(one, _REFUSED_S, failed.after_s)
            if one.failures == 1 and failed.status not in _GONE:
                log.warning("%s of %s: a record: %s", *name, failed)
        except (ConnectionError, KudosError) as error:
            # our broker is away, or the register is wrong
            self._leave(rest, _LONGEST_S, 0.0)
            if rest.failures == 1:
                log.warning("%s of %s: %s", *name, type(error).__name__)
        else:
            rest.failures = 0
            self._notices.done(notice)
            return True
        return False

    def _leave(self, rest: Rest, longest_s: float, asked_s: float) -> None:
        rest.failures += 1
        grown: float = min(longest_s, 0.5 * 2.0 ** min(rest.failures, 20))
        rest.until = self._clock() + max(asked_s, grown)

    def _fetch(self, wanted: Fetch, origin: Origin, thin: Thin) -> None:
        """Fetch *wanted*, page after page; each is stored before the next is asked for."""
        client = self._client(origin, thin)
        intake = self._intake(self._adapters[origin.feed.id], origin)
        # what has no version is as old as the question
        at = self._stamp()
        added = b"" if wanted.beside is None else client.get(wanted.beside)
        body, seen = client.get(wanted.path, wanted.params), set[str]()
        while True:
            _check(body)
            self._store(completed(body, added, wanted.adds), intake, at, many=wanted.many)
            page = thin.following(body)
            if page is None:
                feed = (origin.feed.id, origin.organisation.id)
                TRANSACTIONS_ACCEPTED.labels(*feed).inc(intake.counts.accepted)
                return
            if page in seen:
                raise Failed("its pages do not move on", 0)
            seen.add(page)
            body = client.get(page)

    def _store(self, body: bytes, intake: Intake, at: datetime, *, many: bool) -> None:
        try:
            records = intake.split(body)
        except Rejected:
            raise Failed(_NONE, 0) from None
        if not (records or many):
            raise Failed(_NONE, 0)
        self._deliver([message for record in records for message in intake.take(record, at)])


def _check(body: bytes) -> None:
    """Raise Failed where *body* is torn, or something between us and the vendor answered."""
    try:
        _anything(body.removeprefix(_BOM))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Failed(_NONE, 0) from None
    except RecursionError:  # a record like this is refused by its adapter
        return


def completed(body: bytes, beside: bytes, adds: Sequence[str]) -> bytes:
    """Return the record in *body* with what *beside* says of *adds* and it does not."""
    if not adds:
        return body
    try:
        record, other = _fields(body), _fields(beside)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Failed(_NONE, 0) from None
    more = {name: other[name] for name in adds if name in other and name not in record}
    return msgspec.json.encode(record | more) if more else body
