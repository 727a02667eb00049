"""Tessitura's REST API: Basic and ProductsView as documented; the list of orders is assumed."""

import base64
from typing import Any

from simulation.servers.api import Api, Asked, Refused, sliced, within

CLIENT, SECRET = "kudos:grp:machine", "tess-hemmelig"


def row(number: int, price: float = 475.0) -> dict[str, Any]:
    """Return an order as ProductsView shows it: it does not say when it was changed."""
    sub_line = {
        "Id": number * 10,
        "StatusId": 12,
        "PriceType": {"Id": 1, "Description": "Ordinær"},
        "SubLineItemDetails": [{"Id": 1, "OriginalPrice": price, "DueAmount": price}],
        "DueAmount": price,
        "PaidAmount": price,
    }
    item = {"Id": 501, "SubLineItems": [sub_line]}
    return {
        "Id": number,
        "OrderDateTime": "2024-03-19T12:04:11+01:00",
        "Constituent": {"Id": 552011},
        "ModeOfSale": {"Id": 8, "Description": "Web"},
        "Products": [{"Performance": {"Id": 15027, "LineItem": item}}],
    }


class Server(Api):
    """Orders, listed by when they were changed; *saved* says so where it is not their time."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.saved: dict[int, str] = {}
        self.list_is = "Orders"

    def answer(self, asked: Asked) -> object:
        """Return a page of orders' heads, or one order."""
        given = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {given}":
            raise Refused(401)
        if asked.path.endswith("/ProductsView"):
            number = int(asked.path.split("/")[2])
            return next(one for one in self.rows if one["Id"] == number)
        if asked.path.startswith("TXN/Orders/"):
            number = int(asked.path.split("/")[2])
            found = [one for one in self.rows if one["Id"] == number]
            if not found:
                raise Refused(404)
            return {"Id": number, "UpdatedDateTime": self._saved(found[0])}
        if asked.path != "TXN/Orders":
            raise Refused(404)
        self.listed()
        heads = [{"Id": n["Id"], "UpdatedDateTime": self._saved(n)} for n in self.rows]
        found = [
            head
            for head in heads
            if within(head["UpdatedDateTime"][:10], asked.query, "updatedFrom", "updatedTo")
        ]
        page, size = int(asked.query["page"]), int(asked.query["pageSize"])
        return {self.list_is: sliced(found, (page - 1) * size, size)}

    def _saved(self, order: dict[str, Any]) -> str:
        return self.saved.get(order["Id"], str(order["OrderDateTime"]))
