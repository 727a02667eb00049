"""TrekkSoft's API v2: OAuth2 by client credentials as documented; bookings as they are assumed."""

import base64
from typing import Any
from urllib.parse import parse_qs

from simulation.servers.api import Api, Asked, Refused, sliced, within

CLIENT, SECRET = "kudos", "ts-hemmelig"


def row(number: int, price: float = 625.0) -> dict[str, Any]:
    """Return a booking."""
    category = {
        "id": 78,
        "name": "Voksen",
        "quantity": 2,
        "price": {"amount": price, "currency": "NOK"},
    }
    return {
        "bookingId": number,
        "status": "confirmed",
        "createdAt": "2024-03-19T09:20:31+0100",
        "source": "website",
        "items": [{"activityTitle": "Vandring", "categories": [category]}],
    }


class Server(Api):
    """Bookings by page; a token lasts *lasts* seconds, as it says, and *ended* ends it before."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.tokens, self.lasts, self.ended, self.list_is = 0, 3600, False, "bookings"

    def answer(self, asked: Asked) -> object:
        """Return a token, or a page."""
        if asked.path == "oauth2/token":
            return self._log_in(asked)
        if asked.headers.get("authorization") != f"Bearer token-{self.tokens}" or self.ended:
            raise Refused(401)
        if asked.path != "bookings" or asked.headers.get("accept-language") != "nb":
            raise Refused(404)
        self.listed()
        page, size = int(asked.query["page"]), int(asked.query["perPage"])
        found = [
            one
            for one in self.rows
            if within(one["createdAt"][:10], asked.query, "updatedFrom", "updatedTo")
        ]
        return {self.list_is: sliced(found, (page - 1) * size, size)}

    def _log_in(self, asked: Asked) -> object:
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        form = parse_qs(asked.body.decode())
        if asked.headers.get("authorization") != f"Basic {given}":
            raise Refused(401)
        if form != {"grant_type": ["client_credentials"]}:
            raise Refused(400)
        self.tokens, self.ended = self.tokens + 1, False
        return {"access_token": f"token-{self.tokens}", "expires_in": self.lasts}
