"""What is asked of each vendor that is polled, as far as it is known; nothing else lists them."""

from collections.abc import Mapping
from datetime import timedelta

from services.ingest.polling.asking import (
    DAY,
    Access,
    Each,
    NextLink,
    Numbered,
    Offset,
    Polling,
    Since,
    Stream,
)

#: SEEN in quantile-taps/tap-tixly: the CRM API v3, pages from 0 with ``Next``, windows of a month.
#: Rows change, and a return comes in a window of its own: a window is never closed.
TIXLY = Polling(
    base="https://crmapi.tix.no/v3",
    access=Access("bearer", "SEEN"),
    streams=(
        Stream(
            "sales",
            "SEEN",
            "events/sales",
            NextLink("Next", {"page": "0", "pageSize": "500"}),
            ("data",),
            since=Since("SoldFrom", "SoldTo"),
        ),
        Stream(
            "customers",
            "SEEN",
            "customers",
            NextLink("Next", {"page": "0", "pageSize": "500"}),
            ("data",),
            since=Since("DateFrom", window=100_000 * DAY),
        ),
    ),
    overlap=7 * DAY,
)

#: SEEN in grasp-labs/ds-provider-ticketco-py-lib: pages from 1 until one is empty, the token in the
#: query, 429. There is no filter by time and rows change: all is read each time.
TICKETCO = Polling(
    base="https://ticketco.events/api/public/v1",
    access=Access("query", "SEEN", name="token"),
    streams=(Stream("sales", "SEEN", "item_grosses", Numbered("page", 1), ("item_grosses",)),),
    every=timedelta(hours=1),
)

#: SEEN in T3lluz/Cinema-Info: the back office's events by page, purchases by event; no filter by
#: date, and tickets change silently until the performance is over. No public contract.
DX = Polling(
    base="https://app.dx.no/api/v1",
    access=Access("bearer", "SEEN"),
    streams=(
        Stream(
            "purchases",
            "SEEN",
            "partners/{account}/events",
            Numbered("page", 1, ("perPage", 50)),
            ("data",),
            each=Each(
                "partners/{account}/purchases?eventId={id}",
                id="event_id",
                lists=("purchases", "data"),
                ends="end",
            ),
        ),
    ),
    every=timedelta(minutes=15),
)

#: SEEN: the login, the base, ``start`` and ``length`` of 100 at most, half a second between pages.
#: ASSUMED: that orders can be listed at all, and where; SAF-T is the surer way.
DUELL = Polling(
    base="https://api.kasseservice.no/v1",
    access=Access("login", "SEEN", path="getaccesstokens"),
    streams=(
        Stream(
            "sales",
            "ASSUMED",
            "sale/orders/list",
            Offset("start", ("length", 100)),
            ("orders",),
            since=Since("from_date", "to_date"),
        ),
        Stream(
            "customers",
            "SEEN",
            "customer/list",
            Offset("start", ("length", 100)),
            ("customers",),
        ),
    ),
    every=timedelta(minutes=30),
    gap_s=0.5,
)

#: DOC: OAuth2 by client credentials, a token of an hour; that names depend on the language asked
#: for. ASSUMED: bookings, their pages and their filter.
TREKKSOFT = Polling(
    base="https://api2.trekksoft.com",
    access=Access("oauth2", "DOC", path="oauth2/token"),
    streams=(
        Stream(
            "bookings",
            "ASSUMED",
            "bookings",
            Numbered("page", 1, ("perPage", 100)),
            ("bookings",),
            since=Since("updatedFrom", "updatedTo"),
        ),
    ),
    headers={"Accept-Language": "nb"},
)

#: DOC: Basic, ProductsView of an order, ``UpdatedDateTime`` of the plain order. ASSUMED: the list
#: of orders by when they were changed, which a house may have to open.
TESSITURA = Polling(
    base=None,
    access=Access("basic", "DOC"),
    streams=(
        Stream(
            "orders",
            "ASSUMED",
            "TXN/Orders",
            Numbered("page", 1, ("pageSize", 200)),
            ("orders",),
            since=Since("updatedFrom", "updatedTo"),
            each=Each(
                "TXN/Orders/{id}/ProductsView",
                id="Id",
                adds=("UpdatedDateTime",),
                tells_changes=True,
            ),
        ),
    ),
)

#: DOC: the key ``apikey``, ``rows`` of 250 at most and ``start`` (of the Discovery API), an order
#: by its token. ASSUMED: a list of orders: what an organiser gets is by agreement.
TICKETMASTER = Polling(
    base="https://app.ticketmaster.com/partners/v1",
    access=Access("query", "DOC", name="apikey"),
    streams=(Stream("orders", "ASSUMED", "orders", Offset("start", ("rows", 250)), ("orders",)),),
    every=timedelta(hours=1),
)

POLLED: Mapping[str, Polling] = {
    "tixly": TIXLY,
    "ticketco": TICKETCO,
    "dx": DX,
    # the same company and back end
    "ebillett": DX,
    "duell": DUELL,
    "trekksoft": TREKKSOFT,
    "tessitura": TESSITURA,
    "ticketmaster": TICKETMASTER,
}
