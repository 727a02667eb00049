"""Subscriptions of a vendor's: renewed long before they end, and made again where they are gone.

DOC (Business Central): POST and PATCH of ``subscriptions``, each of which asks the address for the
token that it sends; three days without a renewal end one, and so does any answer that is an error
of the sender's. ASSUMED: ``If-Match: *``, and that one is listed by ``notificationUrl``.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
from msgspec import Struct

from kudos.errors import KudosError, Misconfigured
from services.ingest.adapters.base import Origin
from services.ingest.polling.client import Client, Failed
from services.ingest.thin.base import Thin, Wanted
from services.ingest.thin.businesscentral import state
from services.ingest.thin.notices import Notices

log = logging.getLogger(__name__)

#: How often it looks; a subscription of three days that has less than two left is renewed.
LOOK_S = 900.0
_LEFT = timedelta(days=2)
#: What was changed so long before a subscription was last seen is fetched again with what followed.
_OVERLAP = timedelta(hours=1)
_PATH = "api/v2.0/subscriptions"
#: The client that asks; PATCH needs a header of its own.
Clients = Callable[[Origin, Thin, Mapping[str, str]], Client]


class Subscription(Struct, frozen=True, rename="camel"):
    """One that is there."""

    subscription_id: str
    notification_url: str = ""
    resource: str = ""
    expiration_date_time: datetime | None = None


class _List(Struct, frozen=True):
    value: tuple[Subscription, ...] = ()


class Subscriptions:
    """Keeps what *feeds* subscribe to; *keys* are a feed's, the newest first, shown by the vendor.

    A vendor asks *address* of the feed before it takes a subscription, and pushes there.
    """

    def __init__(
        self,
        notices: Notices,
        feeds: Callable[[], Sequence[tuple[Origin, Thin]]],
        keys: Callable[[Origin], Sequence[bytes]],
        clients: Clients,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._notices, self._feeds, self._keys = notices, feeds, keys
        self._clients, self._now = clients, now
        #: By subscription: which secret it was told last by this process.
        self._told: dict[str, bytes] = {}

    def run(self, stop: threading.Event) -> None:
        """Look after them until *stop*."""
        while not stop.is_set():
            self.round()
            stop.wait(LOOK_S)

    def round(self) -> None:
        """Look after each once."""
        for origin, thin in self._feeds():
            try:
                self._of_one(origin, thin)
            except KudosError as error:
                name = (origin.feed.id, origin.organisation.id)
                log.warning("subscriptions at %s of %s: %s", *name, error)
            except Exception:
                log.exception("subscriptions at %s", origin.feed.id)

    def _of_one(self, origin: Origin, thin: Thin) -> None:
        address, keys = notification_address(origin), self._keys(origin)
        if address is None or thin.subscribes is None:
            return
        if not keys:
            raise Misconfigured("no secret to be shown by the vendor")
        client = self._clients(origin, thin, {})
        there, failed = _there(client.get(_PATH)), None
        for wanted in thin.subscribes(origin.feed):
            found = [one for one in there if _is(one, wanted, address)]
            try:
                self._keep(origin, thin, wanted, found, keys[0])
            except Failed as error:  # the others must not end for it
                failed = failed or error
        if failed is not None:
            raise failed

    def _keep(
        self,
        origin: Origin,
        thin: Thin,
        wanted: Wanted,
        found: Sequence[Subscription],
        key: bytes,
    ) -> None:
        """Have *wanted* be there: renewed, or made, with what was missed while it was not."""
        name = (origin.feed.id, origin.organisation.id, wanted.resource)
        if found:
            self._renew(origin, thin, found[0], key)
        else:
            self._notices.make(*name)
            body = {"notificationUrl": notification_address(origin), "resource": wanted.resource}
            client = self._clients(origin, thin, {})
            client.ask("POST", _PATH, json=body | {"clientState": state(key)})
        if self._notices.was_gone(*name):
            self._catch_up(origin, wanted)
        self._notices.see(*name, self._now())

    def _renew(self, origin: Origin, thin: Thin, found: Subscription, key: bytes) -> None:
        """Renew what will end, and what still shows an older secret."""
        digest, ends = sha256(key).digest(), found.expiration_date_time
        told = self._told.get(found.subscription_id)
        if told == digest and ends is not None and ends - self._now() > _LEFT:
            return
        client = self._clients(origin, thin, {"If-Match": "*"})
        body = {"notificationUrl": found.notification_url, "resource": found.resource}
        path = f"{_PATH}('{found.subscription_id}')"
        client.ask("PATCH", path, json=body | {"clientState": state(key)})
        self._told[found.subscription_id] = digest

    def _catch_up(self, origin: Origin, wanted: Wanted) -> None:
        """Have fetched what was changed while there was no subscription; nothing at first."""
        feed = (origin.feed.id, origin.organisation.id)
        seen = self._notices.seen(*feed, wanted.resource)
        if seen is not None:
            since = (seen - _OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._notices.note(*feed, [wanted.missed(since)])


def notification_address(origin: Origin) -> str | None:
    """Return where the vendor pushes to, None where the register does not say where we are."""
    public = origin.feed.own.get("public_url")
    if not isinstance(public, str):
        return None
    return f"{public.rstrip('/')}/v1/hooks/{origin.feed.id}/{origin.organisation.id}"


def _there(body: bytes) -> Sequence[Subscription]:
    try:
        return msgspec.json.decode(body, type=_List).value
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Failed("its list of subscriptions is none", 0) from None


def _is(one: Subscription, wanted: Wanted, address: str) -> bool:
    def bare(resource: str) -> str:
        return resource.strip("/").lower()

    return one.notification_url == address and bare(one.resource) == bare(wanted.resource)
