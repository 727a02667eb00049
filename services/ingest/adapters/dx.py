"""DX: the purchase of the back office is the transaction, a line each ticket or count of places.

SEEN (T3lluz/Cinema-Info, sites of cinemas and culture houses): ``purchases``, ``purchaseItems`` and
``tickets`` with ``count``, ``used``, ``seatId`` and ``annulled``; events with ``event_id`` and a
local ``begin`` without a zone. Neither a purchase's number, time, price nor buyer was seen: they
must be there, and ``purchaseId``, ``purchaseDateTime``, ``eventId``, ``title``, ``begin``,
``locationName``, ``ticketType``, ``price`` (kroner a piece) and ``customer`` are ASSUMED names of
them, without which a purchase is rejected. ASSUMED too: that what is ``annulled`` is paid back.
eBillett's list of purchases, of the same back end, is read as well: see ebillett. A purchase marks
no version: what comes later replaces it.
"""

from services.ingest.adapters import dxpurchase
from services.ingest.adapters.base import About, Adapter

ABOUT = About(
    name="DX",
    delivers={
        "transaction": "ASSUMED",
        "order": "ASSUMED",
        "sold_at": "ASSUMED",
        "customer.number": "ASSUMED",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
        "customer.email": "ASSUMED",
        "customer.phone": "ASSUMED",
        "customer.postal_code": "ASSUMED",
        "line": "SEEN",
        "kind": "SEEN",
        "item": "ASSUMED",
        "ticket_type": "ASSUMED",
        "quantity": "SEEN",
        "amount": "ASSUMED",
        "performance.id": "ASSUMED",
        "performance.starts_at": "ASSUMED",
        "performance.production": "ASSUMED",
        "performance.venue": "ASSUMED",
    },
    money="`price`, kroner a piece as a number or as text with a point, times `count` (ASSUMED; "
    "text such as \"90.00\" was SEEN in the buyer's list). The currency is the register's.",
    times="Local without a zone, yyyy-mm-dd hh:mm:ss (SEEN of events): Oslo's. The hour that comes "
    "twice in October is its first; the one that March leaves out is read by winter time.",
    refunds="`annulled` of a ticket (SEEN; that it is paid back is ASSUMED): a refund of the whole "
    "price of its `count`, whose time nobody tells. A purchase of which every ticket is annulled "
    "is revoked as a whole.",
    exchanges="ASSUMED an annulled ticket and a new one, in the same purchase or another.",
    versions="None: what was received later replaces the purchase. Tickets change silently, so a "
    "performance is read again until it is over.",
    authentication="Bearer: a personal access token of one year, which DX has to open (SEEN). "
    "There is no push of its own.",
    configure='`id = "dx"`, `account` (the partner\'s number); `items` by `ticketType`.',
    verify=(
        "The names of a purchase's number, time, price, ticket type and buyer: none was seen",
        "Whether the official token may read purchases at all",
        "Whether an annulled ticket is always paid back, and the fee with it",
        "Whether `price` is a piece's or the count's",
    ),
    cannot_say={"fee": "no fee was seen in any of its answers"},
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("poll", "push", "import"),
    transaction_is="the purchase, purchaseId (of a buyer's list receipt_id); it is the order too",
    split=dxpurchase.split,
    parse=dxpurchase.parse,
    number=dxpurchase.number,
    about=ABOUT,
)
