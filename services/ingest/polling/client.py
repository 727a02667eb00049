"""Ask a vendor's API: with access, patience and limits, and with nobody's data in a log or error.

::

    with httpx.Client(timeout=TIMEOUT_S) as http:
        client = Client(http, "https://api.vendor.example/v1", access.bearer(token))
        body = client.get("orders/77")
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from kudos.errors import KudosError
from services.ingest.polling.access import NotLetIn

TIMEOUT_S = 30.0
MOST_BYTES = 32 * 2**20
ATTEMPTS = 8
#: Who asks for more patience than this is asked again at a later poll.
LONGEST_S = 60.0
_SHORTEST_S = 0.25
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
#: What httpx says of each request holds the address, and some addresses hold the key.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class Failed(KudosError):
    """The vendor gave no answer that is one; the message names a status, never what was sent.

    *status* is that of the last answer, None where none came; *after_s* is how long the vendor
    wants to be left alone.
    """

    def __init__(self, why: str, status: int | None = None, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.status, self.after_s = status, after_s


class Client:
    """Asks the API at *base* over *http*, by *access*; what passes is waited out by *sleep*.

    At least *gap_s* lie between two requests; an answer, unpacked, has *most_bytes* at the most.
    """

    def __init__(
        self,
        http: httpx.Client,
        base: str,
        access: httpx.Auth | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        gap_s: float = 0.0,
        most_bytes: int = MOST_BYTES,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._access, self._most = http, access, most_bytes
        self._base = httpx.URL(base.rstrip("/") + "/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._gap, self._sleep, self._clock = gap_s, sleep, clock
        self._last = -gap_s
        self._retrying = Retrying(
            stop=stop_after_attempt(attempts),
            wait=_wait,
            retry=retry_if_exception(_is_passing),
            sleep=sleep,
            reraise=True,
        )

    def get(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Return what the API answers for *path* below its base, or raise Failed.

        *path* may be a whole address, as the next page's often is, but of the same host.
        """
        return self.ask("GET", path, params=params)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> bytes:
        """Return the body of the answer, or raise Failed; what fails in passing is asked again."""
        url = self._base.join(path)
        if (url.scheme, url.host, url.port) != (
            self._base.scheme,
            self._base.host,
            self._base.port,
        ):
            # else a page could send the key anywhere
            raise Failed("the next page is of another host")
        if params:
            url = url.copy_merge_params(params)
        request = self._http.build_request(method, url, json=json, headers=self._headers)
        try:
            found: bytes = self._retrying(self._answer, request)
        except httpx.HTTPStatusError as error:
            response = error.response
            raise Failed(
                f"it answered {response.status_code}", response.status_code, _asked_for(response)
            ) from None
        except NotLetIn as error:
            raise Failed(str(error)) from None
        except httpx.HTTPError as error:
            raise Failed(f"it cannot be reached: {type(error).__name__}") from None
        return found

    def _answer(self, request: httpx.Request) -> bytes:
        if (rest := self._last + self._gap - self._clock()) > 0:
            self._sleep(rest)
        self._last = self._clock()
        response = self._http.send(request, stream=True, auth=self._access, follow_redirects=False)
        try:
            if not response.is_success:
                raise httpx.HTTPStatusError("", request=request, response=response)
            return self._whole(response)
        finally:
            response.close()

    def _whole(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._most:
                raise Failed(f"its answer is over {self._most:,} bytes", response.status_code)
            parts.append(part)
        return b"".join(parts)


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        response = error.response
        return response.status_code in _BUSY and _asked_for(response) <= LONGEST_S
    return isinstance(error, httpx.TransportError | httpx.DecodingError)


def _asked_for(response: httpx.Response) -> float:
    """Return the seconds that the vendor asks to be left alone: 0 where it says nothing."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _wait(state: RetryCallState) -> float:
    """Return the seconds until the next attempt: what is asked for, else ever more, and uneven."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = _asked_for(error.response) if isinstance(error, httpx.HTTPStatusError) else 0.0
    grown = min(LONGEST_S, _SHORTEST_S * 2.0**state.attempt_number)
    return max(asked, grown * random.uniform(0.5, 1.0))  # noqa: S311 (so that not all come at once)
