"""How what a vendor tells gets here where it is not pushed: as each of them really does it.

A list that ingest polls, a notification that only names an order, a till that calls our service,
a file that somebody imports.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import httpx
import msgspec

from simulation.accounts import Account
from simulation.orders import Document
from simulation.servers.api import Api
from simulation.servers.pckasse import Till
from simulation.vendors import VENDORS
from simulation.vendors.markup import element

#: What a push holds in the place of documents: a type, and bytes.
Said = tuple[str, bytes]
_PATIENCE_S = 60.0


class Way(Protocol):
    """One feed's way; a courier asks it first. *how* says it in a word or two."""

    how: ClassVar[str]

    def take(self, document: Document) -> bool:
        """Take *document*; tell whether it is not to be pushed."""

    def said(self, documents: Sequence[Document]) -> Said | None:
        """Return what a push of *documents* says; None: themselves."""

    def flush(self, *, whole: bool = True) -> None:
        """Have what waits be sent; *whole*: return when it is, else when it is time for it."""


class Listed:
    """A vendor's server lists what it was told, each sale as it is now; ingest polls it."""

    how: ClassVar[str] = "polled"

    def __init__(self, server: Api) -> None:
        self._rows: list[dict[str, Any]] = server.rows  # type: ignore[attr-defined]  # lists have
        self._guard, self._places = server.guard, dict[str, int]()

    def take(self, document: Document) -> bool:
        """List it, in the place of an older version."""
        row = dict(VENDORS[document.vendor].native(document))
        with self._guard:
            place = self._places.setdefault(document.transaction, len(self._rows))
            self._rows[place : place + 1] = [row]
        return True

    def said(self, _documents: Sequence[Document]) -> None:
        """Return nothing: it pushes nothing."""

    def flush(self, *, whole: bool = True) -> None:
        """Do nothing: it is read when somebody polls."""


class Named:
    """A vendor's server holds the orders; what is pushed only names one (Eventim)."""

    how: ClassVar[str] = "named and fetched"

    def __init__(self, server: Api) -> None:
        self._orders: dict[str, Any] = server.rows  # type: ignore[attr-defined]  # it has orders
        self._guard = server.guard

    def take(self, document: Document) -> bool:
        """Hold it; it is told of by a push."""
        with self._guard:
            self._orders[document.transaction] = VENDORS[document.vendor].native(document)
        return False

    def said(self, documents: Sequence[Document]) -> Said:
        """Return what names them."""
        told = [{"entity": "order", "uuid": one.transaction} for one in documents]
        return "application/json", msgspec.json.encode(told)

    def flush(self, *, whole: bool = True) -> None:
        """Do nothing: it is fetched when it was named."""


class Called:
    """A till of PCKasse's: it calls us with credits and customers, and again what has failed.

    Web orders are the shop's, which pushes them.
    """

    how: ClassVar[str] = "a till's calls"

    def __init__(self, till: Till) -> None:
        self._till, self._known = till, set[str]()

    def take(self, document: Document) -> bool:
        """Queue a credit, or the customer of an order."""
        who = document.account
        if document.transaction != document.order:
            credit = element("creditOrder", VENDORS["pckasse"].native(document))
            self._till.queue.append(f"<ws:CreditOrder>{{access}}{credit}</ws:CreditOrder>")
            return True
        if who is not None and who.number is not None and who.number not in self._known:
            self._known.add(who.number)
            self._till.queue.append(_customer(who))
        return False

    def said(self, _documents: Sequence[Document]) -> None:
        """Return nothing: web orders are pushed as they are."""

    def flush(self, *, whole: bool = True) -> None:
        """Send the queue; raise ConnectionError where some of it does not go for long."""
        deadline = time.monotonic() + _PATIENCE_S
        self._till.run()
        while whole and self._till.queue:
            if time.monotonic() > deadline:
                raise ConnectionError("a till's calls are refused")
            time.sleep(0.1)
            self._till.run()


def _customer(who: Account) -> str:
    told = {
        "deltaCustomerId": who.number,
        "name": f"{who.given_name or ''} {who.family_name or ''}".strip(),
        "email": who.email,
    }
    info = element("customerInfo", told)
    return f"<ws:sendCustomerInfo>{{access}}{info}</ws:sendCustomerInfo>"


class Dropped:
    """A till writes a file now and then, and *importing* has it imported; a second thread does.

    Files are written to *folder*; *every_s* lie between two of them.
    """

    how: ClassVar[str] = "files"

    def __init__(
        self, folder: Path, importing: Callable[[Path], None], every_s: float = 60.0
    ) -> None:
        self._folder, self._importing, self._every = folder, importing, every_s
        self._waiting: list[Document] = []
        self._last = time.monotonic()
        self._running: threading.Thread | None = None
        self._failed: Exception | None = None

    def take(self, document: Document) -> bool:
        """Keep it for the next file."""
        self._waiting.append(document)
        return True

    def said(self, _documents: Sequence[Document]) -> None:
        """Return nothing: it pushes nothing."""

    def flush(self, *, whole: bool = True) -> None:
        """Write a file and have it imported; raise what went wrong with the one before."""
        if self._running is not None and (whole or not self._running.is_alive()):
            self._running.join()
            self._running = None
        if self._failed is not None:
            raise ConnectionError(f"an import failed: {self._failed}") from self._failed
        is_due = whole or time.monotonic() - self._last > self._every
        if self._waiting and is_due and self._running is None:
            self._last = time.monotonic()
            path = self._written()
            self._running = threading.Thread(target=self._import, args=(path,), daemon=True)
            self._running.start()
        if whole and self._running is not None:
            self.flush()

    def _written(self) -> Path:
        told, self._waiting = self._waiting, []
        speaks = VENDORS[told[0].vendor]
        if speaks.whole is None:
            raise TypeError(f"{told[0].vendor} writes no files")
        _, text = speaks.whole([speaks.native(one) for one in told], 0)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{told[0].vendor}.{told[0].house}.{time.time_ns()}.xml"
        path.write_bytes(text)
        return path

    def _import(self, path: Path) -> None:
        try:
            self._importing(path)
            path.unlink()
        except Exception as error:  # noqa: BLE001 (whoever flushes is told)
            self._failed = error


def till(ingest: str, house: str, login: str, password: str) -> Called:
    """Return a till that calls the service at *ingest*."""
    http = httpx.Client(timeout=30)
    return Called(Till(http, f"{ingest}/v1/soap/pckasse/{house}", login, password))
