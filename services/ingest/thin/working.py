"""The two loops of thin push, on threads beside the server."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import httpx

from kudos.errors import Misconfigured
from kudos.sealing import Sealer
from kudos.stream import DeadLetters
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.polling.client import Client
from services.ingest.receiving import Intake
from services.ingest.stopping import Stops
from services.ingest.thin.base import Thin, fetches, own
from services.ingest.thin.fetching import Fetcher
from services.ingest.thin.subscriptions import Subscriptions

log = logging.getLogger(__name__)

#: A vendor that is slow keeps the others waiting no longer; what failed is asked again later.
TIMEOUT_S = 10.0
_ATTEMPTS = 2
Feed = tuple[str, str]


def intakes(sealer: Sealer, dead: DeadLetters, stops: Stops) -> Callable[[Adapter, Origin], Intake]:
    """Return what takes the records of a feed: too many refused in a row are that feed's own."""

    def intake(adapter: Adapter, origin: Origin) -> Intake:
        limit = stops.limit((origin.feed.id, origin.organisation.id))
        return Intake(adapter, origin, sealer, dead.within(limit), uuid4().hex)

    return intake


class Clients:
    """Makes the clients of feeds, by the secrets in *folder*; tokens are kept from one to the next.

    A feed whose entry in the register or whose secret has changed gets new access.
    """

    def __init__(self, http: httpx.Client, folder: Path, sleep: Callable[[float], None]) -> None:
        self._http, self._folder, self._sleep = http, folder, sleep
        self._access: dict[Feed, tuple[object, httpx.Auth]] = {}
        self._lock = threading.Lock()

    def __call__(
        self, origin: Origin, thin: Thin, headers: Mapping[str, str] | None = None
    ) -> Client:
        """Return the client of a feed, or raise Misconfigured."""
        feed = origin.feed
        secret = self._secret(own(feed, "credentials"))
        name, made_of = (feed.id, origin.organisation.id), (dict(feed.own), secret)
        with self._lock:
            known = self._access.get(name)
            if known is None or known[0] != made_of:
                known = self._access[name] = (made_of, thin.access(feed, secret))
        return Client(
            self._http,
            own(feed, "base_url"),
            known[1],
            headers=headers,
            attempts=_ATTEMPTS,
            sleep=self._sleep,
        )

    def _secret(self, name: str) -> str:
        path = self._folder / name
        if path.parent != self._folder:
            raise Misconfigured("credentials is the name of a file")
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Misconfigured(f"secret ingest/{name} is missing") from None


def subscribing(feeds: Sequence[Origin], thin: Mapping[str, Thin]) -> Sequence[tuple[Origin, Thin]]:
    """Return which of *feeds* are fetched from, with how."""
    return [(o, thin[o.feed.id]) for o in feeds if o.feed.id in thin and fetches(o.feed)]


class Worker:
    """Runs the loops; those that still wait for a vendor when it is stopped end with the process.

    What they had not finished waits on disk.
    """

    def __init__(
        self, fetcher: Fetcher, subscriptions: Subscriptions, stop: threading.Event
    ) -> None:
        self._stop = stop
        self._threads = [
            threading.Thread(target=loop, args=(stop,), name=name, daemon=True)
            for name, loop in (("fetch", fetcher.run), ("subscriptions", subscriptions.run))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def close(self, patience_s: float = 3.0) -> None:
        """Stop, and wait a little."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience_s)
