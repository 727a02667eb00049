"""What an operator may find: data that are whole, data in trouble, and none yet."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from kudos.ledger import Account, Ledger
from kudos.operations import Attribute, Coverage, Delivery, Letters, Operations
from kudos.records import StoppedSource
from services.query.operations import Running

#: What the register says of systems.
FEEDS = {
    "theatre": '[[organisation.vendor]]\nid = "tixly"\n'
    '[[organisation.vendor]]\nid = "tagtool"\nnumbers_of = "tixly"\n',
    "past": '[[organisation.vendor]]\nid = "ebillett"\ntransport = "import"\n',
}
#: Families of tables, by how many seconds each is behind.
_BEHIND = {"facts": 1, "kpi_daily": 2, "sales_live": 2, "visits": 4, "kpi_rolling": 40, "ledger": 1}


def nothing() -> Running:
    """Return what is known of a system that nobody has sent anything to."""
    return Running({}, Operations())


def whole(at: datetime) -> Running:
    """Return data of two houses that are whole."""
    families = {name: at - timedelta(seconds=n) for name, n in _BEHIND.items()}
    accounts = (Account("theatre", 12345, 12344, 2100, 0, 1), Account("border", 7, 7, 0, 0, 0))
    found = Operations(
        ledger=Ledger(families["facts"], accounts),
        deliveries=(
            Delivery("theatre", "tixly", at - timedelta(seconds=5)),
            Delivery("theatre", "tagtool", at - timedelta(days=3)),
            Delivery("border", "homemade", at - timedelta(hours=30)),
        ),
        coverage=(Coverage("theatre", 0.87), Coverage("border", 0.5), Coverage("gone", 1.0)),
        attributes=(
            Attribute("theatre", "tixly", "declared", "gender", 0.125),
            Attribute("theatre", "tixly", "declared", "postal_code", 0.9),
            Attribute("theatre", "given_name", "inferred", "gender", 0.7),
            Attribute("theatre", "tagtool", "declared", "segment", 0.05),
            Attribute("border", "homemade", "declared", "birth", 0.31),
        ),
        noted_at=at - timedelta(seconds=7),
    )
    return Running(families, found)


def troubled(at: datetime) -> Running:
    """Return data of which some are dead, some lost, and some tables old."""
    fine = whole(at)
    was = fine.found
    lost = (Account("theatre", 12345, 12339, 2100, 3, 1, 1), *was.ledger.accounts[1:])
    late = at - timedelta(days=2)
    found = replace(
        was,
        ledger=Ledger(was.ledger.watermark, lost),
        letters=(
            Letters("theatre", "tixly", "transactions.received", "invalid_field", 2, late),
            Letters("theatre", "hoopla", "transactions.enriched", "", 1),
        ),
        stopped=(
            StoppedSource("border", "homemade", at - timedelta(hours=2), 201, "unreadable", "body"),
        ),
    )
    return Running({**fine.families, "visits": at - timedelta(hours=2)}, found)
