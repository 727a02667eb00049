"""Thin push: notifications that only name a record, which is then fetched from the vendor's API."""

from collections.abc import Mapping

from services.ingest.thin import businesscentral, eventim, tessitura
from services.ingest.thin.base import Thin

#: The vendors whose notifications are followed up, by the vendor's id in the address.
THIN: Mapping[str, Thin] = {
    "businesscentral": businesscentral.THIN,
    "eventim": eventim.THIN,
    "tessitura": tessitura.THIN,
}
