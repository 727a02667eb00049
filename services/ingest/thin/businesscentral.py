"""Business Central's notifications: a handshake, a shared secret in the body, and resources.

DOC (learn.microsoft.com, API v2.0, webhooks): ``value[]`` of ``clientState``, ``resource`` (with a
leading slash or without) and ``changeType``; that a resource of type collection bears a ``$filter``
which is called as it is; OAuth2. ASSUMED: ``@odata.nextLink`` of a collection's pages.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from urllib.parse import unquote

import httpx
import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from kudos.errors import Reason, Rejected
from kudos.register import Feed
from services.ingest.polling import access
from services.ingest.signature import addressed
from services.ingest.thin.base import Fetch, Thin, Wanted, own

_ID = "[0-9a-fA-F-]{36}"
_RESOURCE = re.compile(
    rf"/?api/v2\.0/companies\((?P<company>{_ID})\)/(?P<kind>[A-Za-z]{{1,60}})"
    rf"(?:\((?P<id>{_ID})\)|\?\$filter=(?P<filter>[^&#]{{1,1000}}))?"
)
#: What is read, and what of it has to be expanded.
_EXPANDED = {
    "salesInvoices": "salesInvoiceLines,customer",
    "salesCreditMemos": "salesCreditMemoLines,customer",
    "customers": "",
}
_SCOPE = "https://api.businesscentral.dynamics.com/.default"
_BOM = b"\xef\xbb\xbf"


class _Notification(Struct, frozen=True, rename="camel"):
    change_type: str | None = None
    resource: str | None = None
    client_state: str | None = None


class _Shown(Struct, frozen=True, rename="camel"):
    client_state: Raw = Raw(b'""')


class _Page(Struct, frozen=True):
    value: tuple[Raw, ...] = ()
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")


_notification = msgspec.json.Decoder(_Notification).decode
_shown = msgspec.json.Decoder(_Shown).decode
_page = msgspec.json.Decoder(_Page).decode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def shown(body: bytes, keys: Sequence[bytes]) -> bytes | None:
    """Return of *body* the notifications whose ``clientState`` is one of *keys*; None: none is."""
    try:
        sent = _page(body.removeprefix(_BOM)).value
    except _BROKEN:
        return None
    right = [one for one in sent if addressed(_state(one), keys)]
    return msgspec.json.encode({"value": right}) if right else None


def _state(record: Raw) -> str:
    """Return the secret that a notification shows, whatever else of it has another form."""
    try:
        return msgspec.json.decode(_shown(record).client_state, type=str)
    except _BROKEN:
        return ""


def told(record: bytes, feed: Feed) -> Fetch | None:
    """Return what a notification names; of what was deleted nothing can be fetched."""
    try:
        sent = _notification(record)
    except _BROKEN:
        raise Rejected(Reason.UNREADABLE, "a notification") from None
    if sent.change_type is None or sent.change_type == "deleted":
        return None
    found = _RESOURCE.fullmatch(sent.resource or "")
    if found is None:
        raise Rejected(Reason.INVALID_FIELD, "$.resource")
    kind = found["kind"]
    if kind not in _EXPANDED or found["company"].lower() != own(feed, "company").lower():
        return None
    path = f"api/v2.0/companies({found['company']})/{kind}"
    if found["id"]:
        return Fetch(f"{path}({found['id']})", _expanded(kind))
    asked = {} if found["filter"] is None else {"$filter": unquote(found["filter"])}
    return Fetch(path, asked | _expanded(kind), many=True)


def otherwise(wanted: Fetch) -> Fetch | None:
    """Return *wanted* by the field's documented name, where its filter has the one of an example.

    https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-subscriptions
    """
    asked = wanted.params.get("$filter", "")
    named = asked.replace("lastDateTimeModified", "lastModifiedDateTime")
    if named == asked:
        return None
    return replace(wanted, params={**wanted.params, "$filter": named})


def _expanded(kind: str) -> dict[str, str]:
    return {"$expand": _EXPANDED[kind]} if _EXPANDED[kind] else {}


def following(page: bytes) -> str | None:
    """Return the address of the page after *page*."""
    try:
        return _page(page).next
    except _BROKEN:
        return None


def subscribes(feed: Feed) -> Sequence[Wanted]:
    """Return what has to be subscribed to."""
    company = own(feed, "company")
    return [_wanted(f"api/v2.0/companies({company})/{kind}", kind) for kind in _EXPANDED]


def _wanted(path: str, kind: str) -> Wanted:
    def missed(since: str) -> Fetch:
        asked = {"$filter": f"lastModifiedDateTime gt {since}"}
        return Fetch(path, asked | _expanded(kind), many=True)

    return Wanted(f"/{path}", missed)


def state(key: bytes) -> str:
    """Return *key* as ``clientState``."""
    return urlsafe_b64encode(key).decode()


def _access(feed: Feed, secret: str) -> httpx.Auth:
    more = {"scope": own(feed, "scope", _SCOPE)}
    return access.oauth2(own(feed, "token_url"), access.client_id(feed), secret, more=more)


THIN = Thin(
    label="DOC",
    told=told,
    access=_access,
    shown=shown,
    following=following,
    otherwise=otherwise,
    subscribes=subscribes,
    # what was deleted is not there (DOC)
    patience=0,
)
