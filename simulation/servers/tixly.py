"""Tixly's CRM API v3 as quantile-taps/tap-tixly knows it: a bearer token, pages, ``Next``."""

from typing import Any
from urllib.parse import urlencode

from simulation.servers.api import Api, Asked, Refused, sliced, within

SECRET = "crm-hemmelig"


def row(number: int, day: str = "2024-03-19", price: float = 450.0) -> dict[str, Any]:
    """Return a sale row."""
    return {
        "SaleTicketId": number,
        "OrderId": number // 2,
        "EventId": 7,
        "CustomerId": number % 97,
        "IsAnonymousSale": False,
        "TicketType": "Voksen",
        "TicketCount": 1,
        "Price": price,
        "Fee": 25.0,
        "Online": True,
        "Created": f"{day}T12:04:11",
    }


class Server(Api):
    """Sales by when they were made, in no order of their own; pages hold at the most *most*."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []
        self.most, self.list_is = 100, "Data"

    def answer(self, asked: Asked) -> object:
        """Return a page."""
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            raise Refused(401)
        if asked.path == "customers":
            return self._page(self.people, asked)
        if asked.path != "events/sales":
            raise Refused(404)
        self.listed()
        days = [one["Created"][:10] for one in self.rows]
        found = [
            one
            for day, one in zip(days, self.rows, strict=True)
            if within(day, asked.query, "SoldFrom", "SoldTo")
        ]
        return self._page(found, asked)

    def _page(self, found: list[dict[str, Any]], asked: Asked) -> object:
        page, size = int(asked.query["page"]), min(self.most, int(asked.query["pageSize"]))
        more = {**asked.query, "page": str(page + 1)}
        link = f"{self.address}/{asked.path}?{urlencode(more)}"
        has_more = (page + 1) * size < len(found)
        return {self.list_is: sliced(found, page * size, size), "Next": link if has_more else None}
