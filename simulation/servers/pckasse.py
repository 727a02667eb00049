"""A till of PCKasse's, which calls: what has succeeded is taken out of its queue (DOC)."""

import re
from collections import deque

import httpx
from lxml import etree

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_WEB = "http://webservice.webshop.deltasoft.no/"


def credit(order: int, send: int, price: str = "150.00", at: int = 1788429851000) -> str:
    """Return a credit of one piece of an order."""
    return (
        f"<ws:CreditOrder>{{access}}<creditOrder><deltaOrderId>{order}</deltaOrderId>"
        f"<sendId>{send}</sendId><timestamp>{at}</timestamp><orderLines><orderLineId>1"
        f"</orderLineId><amount>1</amount><price>{price}</price></orderLines></creditOrder>"
        "</ws:CreditOrder>"
    )


def customer(number: int) -> str:
    """Return what is told of a customer."""
    return (
        f"<ws:sendCustomerInfo>{{access}}<customerInfo><deltaCustomerId>{number}"
        "</deltaCustomerId><name>Kari Nordmann</name><email>kari@example.no</email>"
        "</customerInfo></ws:sendCustomerInfo>"
    )


class Till:
    """Calls the service at *address* by *login* and *password*; *queue* is what has not gone.

    A call that fails is flagged, stays where it is, and the others behind it are sent (ASSUMED).
    """

    def __init__(self, http: httpx.Client, address: str, login: str, password: str) -> None:
        self._http, self._address = http, address
        self.login, self.password = login, password
        self.queue: deque[str] = deque()
        self.told: list[str] = []

    def run(self) -> int:
        """Send all of the queue once; return how many went."""
        before = len(self.queue)
        self.queue = deque([call for call in self.queue if not self.send(call)])
        return before - len(self.queue)

    def send(self, call: str) -> bool:
        """Tell whether *call* succeeded: an answer of its operation, without an error in it."""
        access = f"<login>{self.login}</login><password>{self.password}</password>"
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}" '
            f'xmlns:ws="{_WEB}"><s:Body>{call.replace("{access}", access)}</s:Body></s:Envelope>'
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        try:
            answer = self._http.post(self._address, content=body.encode(), headers=headers)
        except httpx.TransportError:
            return False
        self.told.append(answer.text)
        if answer.status_code != 200:
            return False
        root = etree.fromstring(answer.content)
        named = re.findall(r"<ws:(\w+)>", call)[0]
        inner = root.find(f"{{{_SOAP}}}Body/{{{_WEB}}}{named}Response/return")
        return inner is not None and inner.findtext("operationResult") == "0"
