"""Orders of the open standard to measure with: about 1 KB, two or three lines, five identifiers."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

_TYPES = (("Ordinær", "450.00"), ("Student", "225.00"), ("Honnør", "350.00"))


def order(number: int, prefix: str, sold_at: datetime, chance: random.Random) -> dict[str, Any]:
    """Return order *number*: of one of ten thousand invented customers, sold at *sold_at*."""
    person = chance.randrange(10_000)
    performance = {
        "id": f"P-{person % 40}",
        "starts_at": (sold_at + timedelta(days=person % 60)).isoformat(timespec="seconds"),
        "production": f"Forestilling {person % 12}",
        "venue": "Hovedscenen",
        "genre": "theatre",
    }
    lines = [
        {
            "line": str(n + 1),
            "kind": "sale",
            "item": "ticket",
            "ticket_type": _TYPES[n][0],
            "quantity": 1 + (person + n) % 3,
            "unit_price": _TYPES[n][1],
            "fee": "20.00",
            "vat_rate": "0.00",
            "performance": performance,
        }
        for n in range(2 + number % 2)
    ]
    return {
        "transaction": f"{prefix}-{number}",
        "version": 1,
        "sold_at": sold_at.isoformat(timespec="seconds"),
        "channel": "web",
        "currency": "NOK",
        "customer": {
            "number": str(person),
            "given_name": "Kari",
            "family_name": f"Nordmann{person}",
            "email": f"kari{person}@example.no",
            "phone": f"+47 4{person:07d}",
            "street": f"Storgata {person}",
            "postal_code": "0155",
            "country": "NO",
            "birth_date": f"{1940 + person % 60}-01-02",
        },
        "lines": lines,
    }


def bodies(
    orders: int, a_request: int, prefix: str, sold_at: datetime, seed: int = 1
) -> list[bytes]:
    """Return requests' bodies that hold *orders* in all, *a_request* each."""
    chance = random.Random(seed)
    made = [order(n, prefix, sold_at, chance) for n in range(orders)]
    return [json.dumps(made[i : i + a_request]).encode() for i in range(0, orders, a_request)]
