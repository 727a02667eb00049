"""The vendors that are polled."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulation.servers import (
    duell,
    dx,
    tessitura,
    ticketco,
    ticketmaster,
    tixly,
    trekksoft,
)


class Vendor(Struct, frozen=True):
    """How a vendor is served, whom it knows, and what a sale is; *per* of it are on a page."""

    serve: Callable[[], Any]
    row: Callable[..., dict[str, Any]]
    secret: str
    per: int
    own: dict[str, str] = {}


VENDORS = {
    "tixly": Vendor(tixly.Server, tixly.row, tixly.SECRET, 100),
    "ticketco": Vendor(ticketco.Server, ticketco.row, ticketco.SECRET, 3),
    "dx": Vendor(dx.Server, dx.row, dx.SECRET, 1000, {"account": dx.PARTNER}),
    "ebillett": Vendor(dx.Server, dx.row, dx.SECRET, 1000, {"account": dx.PARTNER}),
    "duell": Vendor(duell.Server, duell.row, duell.SECRET, 100, {"client": duell.CLIENT}),
    "trekksoft": Vendor(
        trekksoft.Server, trekksoft.row, trekksoft.SECRET, 100, {"client": trekksoft.CLIENT}
    ),
    "tessitura": Vendor(
        tessitura.Server, tessitura.row, tessitura.SECRET, 1000, {"client": tessitura.CLIENT}
    ),
    "ticketmaster": Vendor(ticketmaster.Server, ticketmaster.row, ticketmaster.SECRET, 250),
}
