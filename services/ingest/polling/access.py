"""How a vendor's API knows who asks: keys, and tokens that are renewed before they end."""

import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Literal

import httpx
import msgspec

from kudos.errors import KudosError, Misconfigured
from kudos.register import Feed

Flow = Generator[httpx.Request, httpx.Response, None]
#: A token that is about to end is renewed before.
_EARLY_S = 30.0
#: A token of which nobody says how long it lasts is renewed when it is refused.
_LONG_S = 10 * 365 * 86_400.0


class NotLetIn(KudosError):
    """The vendor gives no token to who asks; the message names a status, and no secret."""


class Key(httpx.Auth):
    """A key that is good until it is changed, in the query or in a header of that *name*."""

    def __init__(self, name: str, key: str, *, place: Literal["query", "header"]) -> None:
        self._name, self._key, self._place = name, key, place

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Put the key where it belongs."""
        if self._place == "header":
            request.headers[self._name] = self._key
        else:
            request.url = request.url.copy_set_param(self._name, self._key)
        yield request


def bearer(token: str) -> httpx.Auth:
    """Return a token of long life as access."""
    return Key("Authorization", f"Bearer {token}", place="header")


class _Answer(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_in: float | None = None


class Token(httpx.Auth):
    """A bearer token that is asked for by *ask*, renewed before it ends and once when refused.

    *ask* makes the request for one, by the refresh token where there is one; *refused* are the
    statuses by which the vendor says that a token is none.
    """

    def __init__(
        self,
        ask: Callable[[str], httpx.Request],
        *,
        refused: frozenset[int] = frozenset({401}),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._refused, self._clock = ask, refused, clock
        self._lock = threading.RLock()
        self._token, self._refresh, self._ends = "", "", 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        """Ask for a token where there is none that holds, and again where it is refused."""
        used = yield from self._held()
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code in self._refused:
            with self._lock:
                if self._token == used:
                    self._ends = 0.0
            used = yield from self._held()
            request.headers["Authorization"] = f"Bearer {used}"
            yield request

    def _held(self) -> Generator[httpx.Request, httpx.Response, str]:
        with self._lock:
            if self._clock() >= self._ends:
                yield from self._renewed()
            return self._token

    def _renewed(self) -> Flow:
        begun = self._clock()
        response = yield self._ask(self._refresh)
        if self._refresh and response.status_code in {400, 401, 403}:
            # it has ended too: as at first
            self._refresh = ""
            response = yield self._ask("")
        if response.status_code in {400, 401, 403}:
            raise NotLetIn(f"no token is given: {response.status_code}")
        response.raise_for_status()
        found = _answer(response)
        lasts = _LONG_S if found.expires_in is None else found.expires_in
        self._token = found.access_token or found.token
        self._refresh, self._ends = found.refresh_token, begun + lasts - _EARLY_S


def client_id(feed: Feed) -> str:
    """Return as whom the API of *feed* is asked, or raise Misconfigured."""
    found = feed.own.get("client_id", feed.own.get("client"))
    if not isinstance(found, str) or not found:
        raise Misconfigured(f"{feed.id}: client_id, as whom its API is asked")
    return found


def _answer(response: httpx.Response) -> _Answer:
    try:
        found = msgspec.json.decode(response.read(), type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotLetIn("no token is given: the answer is none") from None
    if not (found.access_token or found.token):
        raise NotLetIn("no token is given: there is none in the answer")
    return found


def oauth2(
    url: str,
    client: str,
    secret: str,
    *,
    more: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Token:
    """Return access by OAuth2's client credentials (RFC 6749, 4.4); *more* is its scope."""

    def ask(refresh: str) -> httpx.Request:
        grant = {"grant_type": "client_credentials"}
        if refresh:
            grant = {"grant_type": "refresh_token", "refresh_token": refresh}
        request = httpx.Request("POST", url, data={**grant, **(more or {})})
        return next(httpx.BasicAuth(client, secret).auth_flow(request))

    return Token(ask, clock=clock)


def login(
    url: str, body: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic
) -> Token:
    """Return access by a token that *url* gives for *body*; refused tokens are 401 or 403."""

    def ask(_refresh: str) -> httpx.Request:
        return httpx.Request("POST", url, json=dict(body))

    return Token(ask, refused=frozenset({401, 403}), clock=clock)
