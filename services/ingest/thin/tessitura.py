"""Tessitura's notifications: a plug-in of the licensee's sends an order's id.

DOC: that an interceptor plug-in is given the id alone, ``TXN/Orders/{id}`` with its
``UpdatedDateTime``, ``…/ProductsView``, Basic. ASSUMED: the form ``{"OrderId": 1}``.
"""

import re

import httpx
import msgspec
from msgspec import Struct

from kudos.errors import Reason, Rejected
from kudos.register import Feed
from services.ingest.polling import access
from services.ingest.thin.base import Fetch, Thin

_NUMBER = re.compile("[0-9]{1,18}")


class _Notification(Struct, frozen=True, rename="pascal"):
    order_id: int | str | None = None
    order_date_time: msgspec.Raw = msgspec.Raw()
    products: msgspec.Raw = msgspec.Raw()


_notification = msgspec.json.Decoder(_Notification).decode


def told(record: bytes, _feed: Feed) -> Fetch | None:
    """Return the order that a notification names, with its version from the plain order."""
    try:
        sent = _notification(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Rejected(Reason.UNREADABLE, "a notification") from None
    if sent.order_id is None or bytes(sent.order_date_time) or bytes(sent.products):
        return None
    number = str(sent.order_id)
    if _NUMBER.fullmatch(number) is None:
        raise Rejected(Reason.INVALID_FIELD, "$.OrderId")
    path = f"TXN/Orders/{number}"
    # the version first: what changes in between is told of again
    return Fetch(f"{path}/ProductsView", beside=path, adds=("UpdatedDateTime",))


def _access(feed: Feed, secret: str) -> httpx.Auth:
    return httpx.BasicAuth(access.client_id(feed), secret)


THIN = Thin(label="DOC", told=told, access=_access)
