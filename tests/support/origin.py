"""Whose records the adapters read in tests."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from kudos.register import Feed, Organisation
from services.ingest.adapters.base import Origin

NOW = datetime(2026, 5, 20, tzinfo=UTC)


def origin(
    vendor: str,
    *,
    currency: str = "NOK",
    begins: str | None = None,
    own: Mapping[str, Any] | None = None,
) -> Origin:
    """Return a house that sells through *vendor* and has guests in one hall.

    *own* is what the register says of the vendor's own.
    """
    house = Organisation(
        "hus",
        "Hus",
        "annet",
        "03",
        "hus",
        "0301",
        currency=currency,
        guests={"Gjestescenen": "gjest", "Gjestespill": "gjest"},
    )
    feed = Feed(
        vendor,
        begins=None if begins is None else date.fromisoformat(begins),
        items={"Program": "merchandise", "Gavekort": "gift_card", "91": "food"},
        own=own or {},
    )
    return Origin(house, feed)
