"""Whether the data are whole: what an operator sees, and no figure of anybody's sales.

Aggregate's leader computes it and keeps it in ClickHouse whole; the query service shows the last.
"""

from datetime import UTC, datetime

import msgspec
from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.ledger import Ledger
from kudos.records import StoppedSource

_KIND = "page"
_LAST = """
SELECT told FROM operations WHERE kind = {kind:String} ORDER BY noted_at DESC LIMIT 1
"""


class Letters(Struct, frozen=True):
    """How many transactions or raw records lie dead for one reason, and stand nowhere else."""

    organisation: str
    source: str
    topic: str
    reason: str  # '': noted before reasons were
    many: int
    since: datetime | None = None  # the first was received


class Delivery(Struct, frozen=True):
    """When a source delivered last."""

    organisation: str
    source: str
    at: datetime


class Coverage(Struct, frozen=True):
    """Of which share of an organisation's tickets the customer is known."""

    organisation: str
    share: float


class Attribute(Struct, frozen=True):
    """Of which share of an organisation's customers a source states an attribute."""

    organisation: str
    source: str
    basis: str
    attribute: str
    share: float


class Operations(Struct, frozen=True):
    """Everything that the page of operations shows but for the watermarks."""

    ledger: Ledger = Ledger(None, ())
    deliveries: tuple[Delivery, ...] = ()
    letters: tuple[Letters, ...] = ()
    stopped: tuple[StoppedSource, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    noted_at: datetime | None = None  # None: nobody has computed it yet


def keep(client: Client, found: Operations) -> None:
    """Keep *found* in the place of what was kept before."""
    row = [_KIND, found.noted_at or datetime.now(UTC), msgspec.json.encode(found).decode()]
    client.insert("operations", [row], column_names=["kind", "noted_at", "told"])


def kept(client: Client) -> Operations:
    """Return what was computed last."""
    rows = client.query(_LAST, parameters={"kind": _KIND}).result_rows
    return msgspec.json.decode(rows[0][0], type=Operations) if rows else Operations()
