"""Whether the data are whole, as aggregate computed it last, and how far the tables are now."""

from collections.abc import Mapping
from datetime import datetime

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.ledger import watermarks
from kudos.operations import Operations, kept


class Running(Struct, frozen=True):
    """What the page of operations shows."""

    families: Mapping[str, datetime]  # watermarks
    found: Operations


def read(client: Client) -> Running:
    """Return it: two rows, however much there is."""
    return Running(watermarks(client), kept(client))
