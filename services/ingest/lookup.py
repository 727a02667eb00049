"""Ask Dun & Bradstreet's Consumer Intelligence who customers are: OAuth2, then a batch at a time.

SEEN, in tibbercom/bisnode-consumer-intelligence: the two addresses, client credentials by HTTP
Basic with scope ``bci``, and the names of a query. ASSUMED: answers in the order of the queries,
``expires_in``, 429 with Retry-After.
"""

import time
from collections.abc import Callable, Sequence

import httpx
import msgspec
from msgspec import Raw, Struct
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from kudos.errors import KudosError
from kudos.records import Customer
from services.ingest.sources.asking import query

BASE = "https://api.bisnode.com/consumerintelligence/person/v2"
LOGIN = "https://login.bisnode.com/as/token.oauth2"
#: So many are asked of in one request.
BATCH = 50
#: A token that is about to end is renewed before.
_EARLY_S = 30.0
_ATTEMPTS = 6
_LONGEST_S = 60.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Refused(KudosError):
    """The register would not answer; the message names a status, and nobody who was asked of."""


class Account(Struct, frozen=True):
    """Where the register answers, and as whom it is asked."""

    client: str
    secret: str
    base: str = BASE
    login: str = LOGIN


class _Token(Struct):
    access_token: str
    expires_in: float = 0.0


class _Answers(Struct):
    matchResponses: tuple[Raw, ...]  # noqa: N815 (theirs)


class Register:
    """The register, asked over *http*; it waits by *sleep* and goes by *clock*, in seconds."""

    def __init__(
        self,
        http: httpx.Client,
        account: Account,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._account, self._clock = http, account, clock
        self._token, self._ends = "", 0.0
        self._retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            retry=retry_if_exception(_is_passing),
            sleep=sleep,
            reraise=True,
        )

    def match(self, customers: Sequence[Customer]) -> Sequence[Raw]:
        """Return the answer of each of *customers*, or raise Refused where none is to be had."""
        try:
            sent: httpx.Response = self._retrying(self._asked, customers)
            answers = msgspec.json.decode(sent.content, type=_Answers).matchResponses
        except httpx.HTTPStatusError as error:
            raise Refused(f"the register answered {error.response.status_code}") from None
        except httpx.TransportError as error:
            raise Refused(f"the register cannot be reached: {type(error).__name__}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Refused("the register's answer is none") from None
        if len(answers) != len(customers):
            raise Refused("the register answered another number of questions than it was asked")
        return answers

    def _asked(self, customers: Sequence[Customer]) -> httpx.Response:
        body = {"queries": [query(one) for one in customers]}
        sent = self._posted(body)
        if sent.status_code == httpx.codes.UNAUTHORIZED:
            # it ended before its time, which happens once
            self._ends = 0.0
            sent = self._posted(body)
        return sent.raise_for_status()

    def _posted(self, body: object) -> httpx.Response:
        if self._clock() >= self._ends:
            self._renew()
        bearer = {"Authorization": f"Bearer {self._token}"}
        return self._http.post(f"{self._account.base}/person/match", json=body, headers=bearer)

    def _renew(self) -> None:
        account = self._account
        asked = {"grant_type": "client_credentials", "scope": "bci"}
        begun = self._clock()
        sent = self._http.post(account.login, data=asked, auth=(account.client, account.secret))
        token = msgspec.json.decode(sent.raise_for_status().content, type=_Token)
        self._token, self._ends = token.access_token, begun + token.expires_in - _EARLY_S


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _BUSY
    return isinstance(error, httpx.TransportError)


_backing_off = wait_exponential_jitter(multiplier=0.5, max=_LONGEST_S)


def _wait(state: RetryCallState) -> float:
    """Return the seconds until the next attempt: what the register asks for, else ever more."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, httpx.HTTPStatusError):
        asked = error.response.headers.get("Retry-After", "")
        if asked.isascii() and asked.isdigit():
            return min(float(asked), _LONGEST_S)
    return _backing_off(state)
