"""DX's back office as T3lluz/Cinema-Info knows it: events by page, purchases by event."""

from typing import Any

from simulation.servers.api import Api, Asked, Refused, sliced

SECRET, PARTNER = "dx-hemmelig", "123"


def event(number: int, end: str = "2030-10-17 21:30:00") -> dict[str, Any]:
    """Return an event."""
    return {"event_id": number, "title": "Peer Gynt", "begin": end, "end": end}


def row(number: int, price: str = "450.00") -> dict[str, Any]:
    """Return a purchase; its number and its price were never seen in public."""
    ticket = {"count": 1, "price": price, "ticketType": "Voksen", "seatId": 4411, "annulled": False}
    return {
        "purchaseId": number,
        "purchaseDateTime": "2024-03-19 12:04:11",
        "purchaseItems": [{"eventId": 1, "tickets": [ticket]}],
    }


class Server(Api):
    """Events, and the purchases of each; an event that is *gone* is 404."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[int, list[dict[str, Any]]] = {}
        self.ends: dict[int, str] = {}
        self.gone: set[int] = set()
        self.list_is = "purchases"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the purchases of the first event, which is there once it is asked for."""
        return self.events.setdefault(1, [])

    @rows.setter
    def rows(self, rows: list[dict[str, Any]]) -> None:
        self.events[1] = rows

    def answer(self, asked: Asked) -> object:
        """Return a page of events, or an event's purchases."""
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            raise Refused(401)
        if asked.path == f"partners/{PARTNER}/events":
            self.listed()
            page, size = int(asked.query["page"]), int(asked.query["perPage"])
            shown = sliced(list(self.events), (page - 1) * size, size)
            return {"data": [event(n, self.ends.get(n, "2030-10-17 21:30:00")) for n in shown]}
        if asked.path != f"partners/{PARTNER}/purchases":
            raise Refused(404)
        number = int(asked.query["eventId"])
        if number in self.gone:
            raise Refused(404)
        return {"data": {self.list_is: self.events[number]}}
