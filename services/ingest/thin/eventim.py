"""Eventim's notifications: SEEN is only that they carry a UUID alone, and OAuth2.

ASSUMED: the names ``uuid`` and ``entity``, and that an order is at ``orders/{uuid}`` (the
register's ``order_path`` says another).
"""

import re

import httpx
import msgspec
from msgspec import Struct

from kudos.errors import Misconfigured, Reason, Rejected
from kudos.register import Feed
from services.ingest.polling import access
from services.ingest.thin.base import Fetch, Thin, own

_UUID = re.compile("[0-9A-Za-z-]{1,64}")
_PATH = re.compile(r"[A-Za-z0-9._/-]*\{id\}[A-Za-z0-9._/-]*")


class _Notification(Struct, frozen=True, rename="camel"):
    uuid: str | None = None
    entity: str | None = None
    order_id: msgspec.Raw = msgspec.Raw()
    tickets: msgspec.Raw = msgspec.Raw()


_notification = msgspec.json.Decoder(_Notification).decode


def told(record: bytes, feed: Feed) -> Fetch | None:
    """Return the order that a notification names; a contact or a booking is none."""
    try:
        sent = _notification(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Rejected(Reason.UNREADABLE, "a notification") from None
    if bytes(sent.order_id) or bytes(sent.tickets) or sent.uuid is None:
        return None
    if sent.entity not in {None, "order"}:
        return None
    if _UUID.fullmatch(sent.uuid) is None:
        raise Rejected(Reason.INVALID_FIELD, "$.uuid")
    path = own(feed, "order_path", "orders/{id}")
    if _PATH.fullmatch(path) is None or ".." in path:
        raise Misconfigured("eventim: order_path is a path with {id} in it")
    return Fetch(path.replace("{id}", sent.uuid))


def _access(feed: Feed, secret: str) -> httpx.Auth:
    return access.oauth2(own(feed, "token_url"), access.client_id(feed), secret)


THIN = Thin(label="ASSUMED", told=told, access=_access)
