"""Ticketmaster's Partner API: the key and the order as documented; a list of orders is assumed."""

from typing import Any

from simulation.servers.api import Api, Asked, Refused, sliced

SECRET = "tm-hemmelig"


def row(number: int, price: float = 490.0) -> dict[str, Any]:
    """Return an order."""
    charge = {"amount": {"amount": price, "currency": "NOK"}, "type": "price"}
    ticket = {
        "barcode_id": f"77{number:010d}",
        "order_number": f"{number}/OSL",
        "order_date": "2024-03-19",
        "charges": [charge],
        "voided": False,
    }
    return {"customer_email": f"k{number}@example.no", "tickets": [ticket], "voided": False}


class Server(Api):
    """Orders by their place in the list, 250 at the most."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.list_is = "orders"

    def answer(self, asked: Asked) -> object:
        """Return a page."""
        if asked.query.get("apikey") != SECRET:
            raise Refused(401)
        if asked.path != "orders":
            raise Refused(404)
        self.listed()
        start, rows = int(asked.query["start"]), min(250, int(asked.query["rows"]))
        return {self.list_is: sliced(self.rows, start, rows)}
