"""TicketCo's public API v1 as its users know it: a token in the query, pages until one is empty."""

from typing import Any

from simulation.servers.api import Api, Asked, Refused, sliced

SECRET = "tc-hemmelig"


def row(number: int, price: float = 350.0) -> dict[str, Any]:
    """Return an item gross."""
    return {
        "uuid": f"5b1f8a52-{number:08d}",
        "transaction_datestamp": "2024-03-19T14:01:42+00:00",
        "item_type_title": "Voksen",
        "item_type_type": "TicketType",
        "event_name": "Sommerkonsert",
        "gross": price,
        "status": "paid",
        "order_id": number,
    }


class Server(Api):
    """Item grosses, of which a page has *most*."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.most, self.list_is = 3, "item_grosses"

    def answer(self, asked: Asked) -> object:
        """Return a page, which is empty behind the last."""
        if asked.query.get("token") != SECRET:
            raise Refused(401)
        if asked.path != "item_grosses":
            raise Refused(404)
        self.listed()
        page = int(asked.query["page"])
        return {self.list_is: sliced(self.rows, (page - 1) * self.most, self.most)}
