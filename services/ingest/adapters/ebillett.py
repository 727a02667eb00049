"""eBillett: the purchase of the buyer's list is the transaction, a line each ticket.

It is the same company and back end as DX. SEEN (the company's own app ebillett/eBillett, of 2012,
and calls of its checkout): ``receipt_id``, ``utref``, ``tittel``, ``sted``, ``dato`` and ``kl``,
``fdato`` and ``fkl`` (local, without a zone), ``tickets`` with ``kategori``, ``pris`` as text in
kroner ("90.00"), ``rad`` and ``sete``. The list tells neither customer, fee, VAT nor refund; what
DX's back office tells of the same purchases is read as well, with ``annulled`` and the ASSUMED
names that stand on the page of DX. ASSUMED: that ``sted`` is the venue (some use it for the hall),
and pages that name their list ``purchases``. A purchase marks no version: what comes later
replaces it.
"""

from services.ingest.adapters import dxpurchase
from services.ingest.adapters.base import About, Adapter

ABOUT = About(
    name="eBillett",
    delivers={
        "transaction": "SEEN",
        "order": "SEEN",
        "sold_at": "SEEN",
        "customer.number": "ASSUMED",
        "customer.given_name": "ASSUMED",
        "customer.family_name": "ASSUMED",
        "customer.email": "ASSUMED",
        "customer.phone": "ASSUMED",
        "customer.postal_code": "ASSUMED",
        "line": "SEEN",
        "kind": "SEEN",
        "item": "SEEN",
        "ticket_type": "SEEN",
        "quantity": "SEEN",
        "amount": "SEEN",
        "performance.id": "ASSUMED",
        "performance.starts_at": "SEEN",
        "performance.production": "SEEN",
        "performance.venue": "SEEN",
    },
    money='`pris` of each ticket: text in kroner with a point, "90.00" (SEEN). The currency is the '
    "register's.",
    times="`dato` with `kl`, `fdato` with `fkl`: local, without a zone (SEEN), so Oslo's. Without "
    "a clock it is a day without an hour.",
    refunds="The list tells none. In the back office's form `annulled` of a ticket is a refund of "
    "its whole price (that it is paid back is ASSUMED), whose time nobody tells.",
    exchanges="ASSUMED an annulled ticket and a new one, told by the back office.",
    versions="None: what was received later replaces the purchase.",
    authentication="As DX: Bearer, a personal access token (SEEN). There is no push of its own.",
    configure='`id = "ebillett"`, `account` (the partner\'s number); `items` by `kategori`.',
    verify=(
        "Whether the list still exists, and for whom: it was the app's of 2012",
        "How a purchase that was paid back is told",
        "Whether `sted` is the venue or the hall, and whether a fee is in `pris`",
        "Whether `receipt_id` is the back office's number too: take one of the two forms, not both",
    ),
    cannot_say={"fee": "no fee was seen in any of its answers"},
)

ADAPTER = Adapter(
    label="SEEN",
    transports=("poll", "push", "import"),
    transaction_is="the purchase, receipt_id (of the back office purchaseId); it is the order too",
    split=dxpurchase.split,
    parse=dxpurchase.parse,
    number=dxpurchase.number,
    about=ABOUT,
)
