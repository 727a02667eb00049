"""The vendors whose payloads the simulation speaks, by id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from simulation.orders import Contact, Document, Fate, Order
from simulation.vendors import (
    businesscentral,
    datanova,
    duell,
    dx,
    eventim,
    homemade,
    hoopla,
    pckasse,
    saft,
    tessitura,
    ticketco,
    ticketmaster,
    tixly,
    trekksoft,
)


class Vendor(Struct, frozen=True):
    """How a vendor tells of an order, and how it writes what it tells."""

    documents: Callable[[Order, Sequence[Fate]], Iterator[Document]]
    native: Callable[[Document], Mapping[str, Any]]
    #: Whether its documents say which of two is the newer.
    versioned: bool = False
    #: The name under which it lists records on a page; None: it has no pages.
    page: str | None = None
    #: How it writes what it tells of customers apart from sales; None: it tells nothing.
    contact: Callable[[Contact], Mapping[str, Any]] | None = None
    #: How it writes several in a request, and in which of the ways; None: as JSON.
    whole: Callable[[Sequence[Mapping[str, Any]], int], tuple[str, bytes]] | None = None


VENDORS: Mapping[str, Vendor] = {
    "homemade": Vendor(homemade.documents, homemade.native, versioned=True),
    "tixly": Vendor(tixly.documents, tixly.native, page="Data", contact=tixly.contact),
    "hoopla": Vendor(hoopla.documents, hoopla.native),
    "ticketco": Vendor(ticketco.documents, ticketco.native, page="item_grosses"),
    "eventim": Vendor(eventim.documents, eventim.native, page="orders"),
    "ticketmaster": Vendor(ticketmaster.documents, ticketmaster.native, page="orders"),
    "ebillett": Vendor(dx.receipts, dx.receipt, page="purchases"),
    "dx": Vendor(dx.documents, dx.native, page="purchases"),
    "tessitura": Vendor(tessitura.documents, tessitura.native, versioned=True),
    "trekksoft": Vendor(trekksoft.documents, trekksoft.native, page="bookings"),
    "businesscentral": Vendor(
        businesscentral.documents, businesscentral.native, versioned=True, page="value"
    ),
    "duell": Vendor(duell.documents, duell.native, page="orders"),
    "pckasse": Vendor(pckasse.documents, pckasse.native, whole=pckasse.whole),
    "datanova": Vendor(datanova.documents, datanova.native, whole=datanova.whole),
    "saft": Vendor(saft.documents, saft.native, whole=saft.whole),
}

#: Of whose payloads nothing is documented or seen: their houses send the open standard.
BY_THE_OPEN_STANDARD = ("enjoyly", "reztic", "sro", "tikkio", "museumbillett", "billetten")
