"""Duell's API v1 as its own plug-in knows it: a login, and tokens that are refused by 403.

That orders can be listed, and by which days, is assumed.
"""

import json
from typing import Any

from simulation.servers.api import Api, Asked, Refused, sliced, within

CLIENT, SECRET = "10042", "duell-hemmelig"


def row(number: int, price: float = 150.0) -> dict[str, Any]:
    """Return an order."""
    return {
        "order_data": {
            "order_id": number,
            "order_date": "2024-03-19",
            "purchase_order_status_id": 7,
            "is_pos": 1,
        },
        "product_data": {"0": {"product_id": 3002, "price_inc_vat": price, "quantity": 2}},
    }


class Server(Api):
    """Orders and customers, by their place in the list; a token is good for *lasts* requests."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []
        self.tokens, self.left, self.lasts, self.list_is = 0, 0, 1000, "orders"

    def answer(self, asked: Asked) -> object:
        """Return a token, or a page."""
        if asked.path == "getaccesstokens":
            return self._log_in(json.loads(asked.body))
        if asked.headers.get("authorization") != f"Bearer token-{self.tokens}" or self.left <= 0:
            raise Refused(403)
        self.left -= 1
        start, length = int(asked.query["start"]), min(100, int(asked.query["length"]))
        if asked.path == "customer/list":
            return {"status": True, "customers": sliced(self.people, start, length)}
        if asked.path != "sale/orders/list":
            raise Refused(404)
        self.listed()
        found = [
            one
            for one in self.rows
            if within(one["order_data"]["order_date"], asked.query, "from_date", "to_date")
        ]
        return {"status": True, self.list_is: sliced(found, start, length)}

    def _log_in(self, given: dict[str, str]) -> object:
        if given != {"client_number": CLIENT, "client_token": SECRET}:
            raise Refused(401)
        self.tokens, self.left = self.tokens + 1, self.lasts
        return {"status": True, "token": f"token-{self.tokens}"}
