"""What an operator may find: data that are whole, data in trouble, and none yet."""

from datetime import datetime, timedelta

from kudos.ledger import Account, Ledger
from services.query.operations import Attribute, Letters, Operations

#: What the register says of systems.
FEEDS = {
    "theatre": '[[organisation.vendor]]\nid = "tixly"\n'
    '[[organisation.vendor]]\nid = "tagtool"\nnumbers_of = "tixly"\n',
    "past": '[[organisation.vendor]]\nid = "ebillett"\ntransport = "import"\n',
}
#: Families of tables, by how many seconds each is behind.
_BEHIND = {"facts": 1, "kpi_daily": 2, "sales_live": 2, "visits": 4, "kpi_rolling": 40, "ledger": 1}


def nothing() -> Operations:
    """Return what is known of a system that nobody has sent anything to."""
    return Operations({}, Ledger(None, ()), {}, (), {}, ())


def whole(at: datetime) -> Operations:
    """Return data of two houses that are whole."""
    families = {name: at - timedelta(seconds=n) for name, n in _BEHIND.items()}
    accounts = (Account("theatre", 12345, 12344, 2100, 0, 1), Account("border", 7, 7, 0, 0, 0))
    return Operations(
        families=families,
        ledger=Ledger(families["facts"], accounts),
        deliveries={
            ("theatre", "tixly"): at - timedelta(seconds=5),
            ("theatre", "tagtool"): at - timedelta(days=3),
            ("border", "homemade"): at - timedelta(hours=30),
        },
        letters=(),
        coverage={"theatre": 0.87, "border": 0.5, "gone": 1.0},
        attributes=(
            Attribute("theatre", "tixly", "declared", "gender", 0.125),
            Attribute("theatre", "tixly", "declared", "postal_code", 0.9),
            Attribute("theatre", "given_name", "inferred", "gender", 0.7),
            Attribute("theatre", "tagtool", "declared", "segment", 0.05),
            Attribute("border", "homemade", "declared", "birth", 0.31),
        ),
    )


def troubled(at: datetime) -> Operations:
    """Return data of which some are dead, some lost, and some tables old."""
    fine = whole(at)
    lost = (Account("theatre", 12345, 12339, 2100, 3, 1), *fine.ledger.accounts[1:])
    return Operations(
        families={**fine.families, "visits": at - timedelta(hours=2)},
        ledger=Ledger(fine.ledger.watermark, lost),
        deliveries=fine.deliveries,
        letters=(
            Letters("theatre", "tixly", "transactions.received", "invalid_field", 2),
            Letters("theatre", "hoopla", "transactions.enriched", "", 1),
        ),
        coverage=fine.coverage,
        attributes=fine.attributes,
    )
