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

from kudos.errors import KudosError
from kudos.records import Customer
from services.ingest.polling import access
from services.ingest.polling.client import Client, Failed
from services.ingest.sources.asking import query

BASE = "https://api.bisnode.com/consumerintelligence/person/v2"
LOGIN = "https://login.bisnode.com/as/token.oauth2"
#: So many are asked of in one request.
BATCH = 50


class Refused(KudosError):
    """The register would not answer; the message names a status, and nobody who was asked of."""


class Account(Struct, frozen=True):
    """Where the register answers, and as whom it is asked."""

    client: str
    secret: str
    base: str = BASE
    login: str = LOGIN


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
        scope = {"scope": "bci"}
        asking = access.oauth2(
            account.login, account.client, account.secret, more=scope, clock=clock
        )
        self._client = Client(http, account.base, asking, sleep=sleep, clock=clock)

    def match(self, customers: Sequence[Customer]) -> Sequence[Raw]:
        """Return the answer of each of *customers*, or raise Refused where none is to be had."""
        body = {"queries": [query(one) for one in customers]}
        try:
            told = self._client.ask("POST", "person/match", json=body)
            answers = msgspec.json.decode(told, type=_Answers).matchResponses
        except Failed as failed:
            raise Refused(f"the register: {failed}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Refused("the register's answer is none") from None
        if len(answers) != len(customers):
            raise Refused("the register answered another number of questions than it was asked")
        return answers
