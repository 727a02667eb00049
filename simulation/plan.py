"""In which order documents are delivered: late ones, and repeats, as networks and vendors do it."""

import heapq
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from simulation.orders import Contact, Document
from simulation.vendors import VENDORS
from simulation.world import Told


class Delivery(Struct, frozen=True):
    """One sending of one document, or of what is told of a customer."""

    document: Document | Contact
    repeat: bool = False  # it was sent before
    stale: bool = False  # a newer version was sent before


_Due = tuple[datetime, int, Document | Contact, bool]  # when, tie-breaker, what, is a repeat


class Plan:
    """Turns orders into deliveries in the order of time.

    Versions come in any order where the vendor marks them. Elsewhere each transaction's own order
    is kept, and a repeat is of what was sent of it last.
    """

    def __init__(self, seed: int, *, repeats: float = 0.08, shuffled: float = 0.4) -> None:
        self._chance = random.Random(f"{seed}/plan")
        self._repeats, self._shuffled = repeats, shuffled
        self._heap: list[_Due] = []
        self._pushed = 0
        #: The last that was sent of transactions that will be repeated.
        self._latest: dict[tuple[str, str, str], Document] = {}
        self._newest: dict[tuple[str, str, str], int] = {}

    def deliveries(self, orders: Iterable[Told]) -> Iterator[Delivery]:
        """Yield every document of *orders* at least once, those of later times later."""
        for told in orders:
            yield from self._until(told.order.sold_at)
            self._schedule(told)
        yield from self._until(None)

    def _schedule(self, told: Told) -> None:
        documents = told.documents
        dues = [document.due for document in documents]
        alone = len({document.key for document in documents}) == len(documents)
        may = VENDORS[told.order.vendor].versioned or alone
        if len(documents) > 1 and may and self._chance.random() < self._shuffled:
            self._chance.shuffle(dues)
        for document, due in zip(documents, dues, strict=True):
            self._push(due, document, repeat=False)
        for contact in told.contacts:
            self._push(contact.due, contact, repeat=False)

    def _push(self, due: datetime, document: Document | Contact, *, repeat: bool) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (due, self._pushed, document, repeat))

    def _until(self, at: datetime | None) -> Iterator[Delivery]:
        while self._heap and (at is None or self._heap[0][0] <= at):
            due, _, document, repeat = heapq.heappop(self._heap)
            yield self._sent(document, repeat=repeat)
            if self._chance.random() < self._repeats:
                self._repeat(due, document)

    def _repeat(self, due: datetime, document: Document | Contact) -> None:
        """Schedule *document* again: at once as often as days later."""
        days = self._chance.choice((0.0, self._chance.expovariate(1 / 6)))
        if isinstance(document, Document):
            self._latest.setdefault(document.key, document)
        self._push(due + timedelta(days=days), document, repeat=True)

    def _sent(self, document: Document | Contact, *, repeat: bool) -> Delivery:
        if isinstance(document, Contact):
            return Delivery(document, repeat=repeat)
        key = document.key
        if document.version is not None:
            newest = self._newest.get(key, 0)
            self._newest[key] = max(newest, document.version)
            return Delivery(document, repeat=repeat, stale=document.version < newest)
        if repeat:
            return Delivery(self._latest[key], repeat=True)
        if key in self._latest:
            self._latest[key] = document
        return Delivery(document)
