"""Delivers over HTTP what the vendors tell: signed, in batches, until it is acknowledged."""

import queue
import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx
from msgspec import Struct

from simulation.orders import Contact, Document, Feed
from simulation.plan import Delivery
from simulation.requests import Told, body, sign
from simulation.sources import Statement
from simulation.ways import Way

#: When a refund that nobody dates was first acknowledged: (house, vendor, transaction, line).
Receipts = dict[tuple[str, str, str, str], datetime]
#: What goes together: sales and customers have pages of their own.
_Page = tuple[str, str, type]

_SIZES = (1, 2, 8, 30, 60)
#: Answers that say: not now.
_LATER = frozenset({429, 500, 502, 503, 504})
#: Answers that an organisation gets which was only just written into the register.
_UNKNOWN = frozenset({401, 404})
_UNKNOWN_S = 10.0


class Counts(Struct):
    """What was sent of one feed."""

    deliveries: int = 0
    repeats: int = 0  # deliveries of what was sent before
    stale: int = 0  # deliveries of a version older than one that was sent before
    requests: int = 0
    retried: int = 0  # requests that were sent again
    transactions: int = 0
    contacts: int = 0  # deliveries of what is told of a customer, apart


class Undelivered(Exception):
    """A request was not acknowledged in time, or refused for good."""


class Courier:
    """Sends deliveries in a few lanes; what belongs to one feed goes through one, in order.

    *rate* is deliveries/s, None: as fast as they are taken. *patience_s* bounds how long a request
    is tried again. *ways* are those of feeds that are not, or not simply, pushed.
    """

    def __init__(
        self,
        ingest: str,
        secrets: Mapping[Feed, bytes],
        *,
        lanes: int = 4,
        seed: int = 0,
        most: int = 60,
        patience_s: float = 120.0,
        ways: Mapping[Feed, Way] = {},
    ) -> None:
        self.counts: dict[Feed, Counts] = {feed: Counts() for feed in secrets}
        self.receipts: Receipts = {}
        self._secrets, self._most, self._ways = secrets, most, ways
        self._chance = random.Random(f"{seed}/courier")
        self._waiting: dict[_Page, list[Told]] = {}
        self._sizes: dict[_Page, int] = {}
        self._seen: set[tuple[str, str, str]] = set()
        #: Set when nobody waits for the rest.
        self.given_up = threading.Event()
        self._lanes = [_Lane(ingest, patience_s, self) for _ in range(lanes)]
        self._lane = {feed: self._lanes[n % lanes] for n, feed in enumerate(secrets)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush()
        self.given_up.set()
        for lane in self._lanes:
            lane.close()

    def take(self, delivery: Delivery) -> None:
        """Send *delivery* with the next batch of its feed."""
        document = delivery.document
        page = (document.house, document.vendor, type(document))
        if isinstance(document, Contact):
            self.counts[page[:2]].contacts += 1
        else:
            self._count(document, delivery)
            way = self._ways.get(page[:2])
            if way is not None and way.take(document):
                return
        self._wait(page, document)

    def state(self, told: Statement) -> None:
        """Send what a source states with its next batch; nothing where the source is not known."""
        page = (told.house, told.source, Statement)
        if page[:2] in self._secrets:
            self.counts[page[:2]].contacts += 1
            self._wait(page, told)

    def _wait(self, page: _Page, told: Told) -> None:
        waiting = self._waiting.setdefault(page, [])
        waiting.append(told)
        if len(waiting) >= self._sizes.get(page, 1):
            self._send(page)

    def flush(self) -> None:
        """Return when everything that was taken is acknowledged."""
        for page in list(self._waiting):
            self._send(page)
        for lane in self._lanes:
            lane.join()
        for way in self._ways.values():
            way.flush()

    def _count(self, document: Document, delivery: Delivery) -> None:
        count = self.counts[document.house, document.vendor]
        count.deliveries += 1
        count.repeats += delivery.repeat
        count.stale += delivery.stale
        if document.key not in self._seen:
            self._seen.add(document.key)
            count.transactions += 1

    def _send(self, page: _Page) -> None:
        waiting, feed = self._waiting.pop(page, []), page[:2]
        if not waiting:
            return
        # what the next batch will hold: vendors push one by one, pollers in pages
        self._sizes[page] = min(self._most, self._chance.choice(_SIZES))
        count = self.counts[feed]
        count.requests += 1
        form = self._chance.randrange(3)
        way = self._ways.get(feed)
        self._lane[feed].put(_Request(feed, self._secrets[feed], waiting, form, count, way))


class _Request(Struct, frozen=True):
    feed: Feed
    secret: bytes
    documents: list[Told]
    form: int
    count: Counts
    way: Way | None

    def body(self) -> tuple[str, bytes]:
        """Return its type and its bytes."""
        sales = [one for one in self.documents if isinstance(one, Document)]
        said = None if self.way is None or not sales else self.way.said(sales)
        return said or body(self.feed[1], self.documents, self.form)


class _Lane:
    """One connection, kept, and the thread that sends through it."""

    def __init__(self, ingest: str, patience_s: float, courier: Courier) -> None:
        self._queue: queue.Queue[_Request | None] = queue.Queue(maxsize=16)
        self._http = httpx.Client(base_url=ingest, timeout=30)
        self._patience, self._courier = patience_s, courier
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def put(self, request: _Request) -> None:
        self._raise()
        self._queue.put(request)

    def join(self) -> None:
        self._queue.join()
        self._raise()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._http.close()

    def _raise(self) -> None:
        if self._failed is not None:
            raise Undelivered(str(self._failed)) from self._failed

    def _run(self) -> None:
        while (request := self._queue.get()) is not None:
            try:
                if self._failed is None and not self._courier.given_up.is_set():
                    self._deliver(request)
            except Exception as error:  # noqa: BLE001 (whoever waits is told)
                self._failed = error
            finally:
                self._queue.task_done()

    def _deliver(self, request: _Request) -> None:
        house, vendor = request.feed
        content_type, text = request.body()
        if any(_undated(request.documents)):
            _clear_of_the_hour()
        name = str(uuid.uuid4())
        deadline = time.monotonic() + self._patience
        pause, problem = 0.05, ""
        while time.monotonic() < deadline and not self._courier.given_up.is_set():
            begun = datetime.now(UTC)
            path = f"/v1/{'profiles' if _is_source(request) else 'hooks'}/{vendor}/{house}"
            problem = self._post(path, request, name, content_type, text)
            if not problem:
                self._note(request, begun + (datetime.now(UTC) - begun) / 2)
                return
            if problem in map(str, _UNKNOWN) and deadline - time.monotonic() > _UNKNOWN_S:
                deadline = time.monotonic() + min(self._patience, _UNKNOWN_S)
            request.count.retried += 1
            self._courier.given_up.wait(pause)
            pause = min(2 * pause, 2.0)
        raise Undelivered(f"{house}/{vendor}: {problem}")

    def _post(self, path: str, request: _Request, name: str, content_type: str, text: bytes) -> str:
        """Return what went wrong for now, or nothing; raise Undelivered where trying is useless."""
        headers = {"Content-Type": content_type} | sign(request.secret, name, text)
        try:
            answer = self._http.post(path, content=text, headers=headers)
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code == 202:
            return ""
        if answer.status_code in _LATER | _UNKNOWN:
            return str(answer.status_code)
        raise Undelivered(f"{path}: {answer.status_code}")

    def _note(self, request: _Request, at: datetime) -> None:
        for key in _undated(request.documents):
            self._courier.receipts.setdefault(key, at)


def _undated(documents: Sequence[Told]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the refunds that nobody dates, each by its key."""
    for document in documents:
        if isinstance(document, Document):
            yield from ((*document.key, line.line) for line in document.lines if line.undated)


def _is_source(request: _Request) -> bool:
    return isinstance(request.documents[0], Statement)


def _clear_of_the_hour() -> None:
    """Wait past a full hour that is near: a refund without a time counts in the hour of receipt."""
    left = 3600 - time.time() % 3600
    if left < 2:
        time.sleep(left + 0.01)
