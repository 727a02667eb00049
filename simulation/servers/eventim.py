"""Eventim's API as it is assumed: a token of OAuth2 (seen), and an order by its UUID."""

import base64
from typing import Any

from simulation.servers.api import Api, Asked, Refused

CLIENT, SECRET = "kudos", "ev-hemmelig"


def uuid(number: int) -> str:
    """Return the UUID of an order."""
    return f"3c1a77e0-5b2d-4f4e-8a61-{number:012x}"


def row(number: int, price: str = "450") -> dict[str, Any]:
    """Return an order of one ticket; *price* is text, as is seen."""
    category = {
        "id": 2,
        "name": "Prisgruppe 2",
        "vat": 0.0,
        "isoAmount": {"amount": price, "currency": "NOK"},
    }
    ticket = {
        "barcode": f"77{number:010}",
        "status": "B",
        "performer": ["Gengangere"],
        "starts_at": "2026-10-20T19:00:00+02:00",
        "areaLabel": "Lille scene",
        "seat": {"rowLabel": "3", "seatLabel": "12", "priceCategory": category},
    }
    return {
        "orderId": uuid(number),
        "orderDate": "2026-09-01T12:04:11+02:00",
        "status": "B",
        "customer": {"customerId": f"K-{number}", "lastName": "Nordmann"},
        "tickets": [ticket],
    }


class Server(Api):
    """Orders by UUID; *ended* ends the token before its time."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Any] = {}
        self.tokens, self.ended = 0, False

    def answer(self, asked: Asked) -> object:
        """Return a token, or an order."""
        if asked.path == "token":
            given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            if asked.headers.get("authorization") != f"Basic {given}":
                raise Refused(401)
            self.tokens, self.ended = self.tokens + 1, False
            return {"access_token": f"token-{self.tokens}", "expires_in": 3600}
        if asked.headers.get("authorization") != f"Bearer token-{self.tokens}" or self.ended:
            raise Refused(401)
        found = self.rows.get(asked.path.removeprefix("orders/"))
        if found is None:
            raise Refused(404)
        return found
