"""The vendors whose payloads the simulation speaks, by id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from simulation.orders import Contact, Document, Fate, Order
from simulation.vendors import homemade, hoopla, tixly


class Vendor(Struct, frozen=True):
    """How a vendor tells of an order, and how it writes what it tells."""

    documents: Callable[[Order, Sequence[Fate]], Iterator[Document]]
    native: Callable[[Document], Mapping[str, Any]]
    #: Whether its documents say which of two is the newer.
    versioned: bool
    #: The name under which it lists records on a page; None: it has no pages.
    page: str | None
    #: How it writes what it tells of customers apart from sales; None: it tells nothing.
    contact: Callable[[Contact], Mapping[str, Any]] | None = None


VENDORS: dict[str, Vendor] = {
    "homemade": Vendor(homemade.documents, homemade.native, versioned=True, page=None),
    "tixly": Vendor(
        tixly.documents, tixly.native, versioned=False, page="Data", contact=tixly.contact
    ),
    "hoopla": Vendor(hoopla.documents, hoopla.native, versioned=False, page=None),
}
