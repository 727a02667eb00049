"""Thin push under test: our app and its fetcher, and a vendor's server, over HTTP on loopback."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct, to_builtins

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.register import WatchedRegister
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from kudos.topics import RECEIVED
from services.ingest.adapters import ADAPTERS
from services.ingest.app import create_app
from services.ingest.keyring import Keyring
from services.ingest.outbox import Outbox
from services.ingest.signature import key
from services.ingest.thin import THIN
from services.ingest.thin.businesscentral import state
from services.ingest.thin.fetching import Fetcher
from services.ingest.thin.hook import Hook
from services.ingest.thin.notices import Notices
from services.ingest.thin.working import Clients, intakes
from simulation.servers import api, businesscentral, eventim, tessitura
from simulation.servers.businesscentral import COMPANY
from tests.support.ingest import MOST_REJECTED, NEW, OLD, SECRETS, unstopped
from tests.support.memory import MemorySink
from tests.support.serving import Host


class Vendor(Struct, frozen=True):
    """How a vendor is served and speaks; an order is known by a number of ours.

    *put* has the server hold one at a price, *told* is a notification of it, *ends* ends the
    server's token, *drift* has it tell an order in other words.
    """

    serving: Callable[[], Any]
    own: dict[str, str]
    secret: str
    put: Callable[[Any, int, int], object]
    told: Callable[[int, str], object]
    named: Callable[[int], str]
    ends: Callable[[Any], object]
    drift: Callable[[Any, int], object]


def document(number: int) -> str:
    """Return the id of an invoice."""
    return f"26814998-936a-401c-81c1-{number:012x}"


def _put_invoice(server: businesscentral.Server, number: int, price: int) -> None:
    line = {
        "id": f"0c1f0000-44e3-ea11-bb43-{number:012x}",
        "sequence": 10000,
        "lineType": "Item",
        "lineObjectNumber": "BILL",
        "description": "Inngang",
        "unitPrice": price,
        "quantity": 1,
        "discountAmount": 0,
        "taxPercent": 0,
        "amountExcludingTax": price,
        "totalTaxAmount": 0,
        "amountIncludingTax": price,
    }
    server.documents[f"salesInvoices({document(number)})"] = {
        "id": document(number),
        "number": f"F-{number}",
        "invoiceDate": "2026-09-03",
        "postingDate": "2026-09-03",
        "customerNumber": "20000",
        "customerName": "Nordmann AS",
        "currencyCode": "NOK",
        "pricesIncludeTax": True,
        "discountAmount": 0,
        "status": "Paid",
        "totalAmountIncludingTax": price,
        "lastModifiedDateTime": f"2026-09-03T10:{price % 60:02}:11.337Z",
        "salesInvoiceLines": [line],
    }


def _told_invoice(number: int, secret: str) -> object:
    resource = f"/api/v2.0/companies({COMPANY})/salesInvoices({document(number)})"
    shown = state(key(SECRETS[secret]) or b"")
    return {"value": [{"clientState": shown, "resource": resource, "changeType": "updated"}]}


def _put_order(server: eventim.Server, number: int, price: int) -> None:
    server.rows[eventim.uuid(number)] = eventim.row(number, str(price))


def _put_saved(server: tessitura.Server, number: int, price: int) -> None:
    server.rows = [one for one in server.rows if one["Id"] != number]
    server.rows.append(tessitura.row(number, float(price)))
    server.saved[number] = f"2024-03-20T12:{price % 60:02}:00+01:00"


def _renamed(record: dict[str, Any], name: str) -> None:
    record[f"{name}New"] = record.pop(name)


VENDORS = {
    "businesscentral": Vendor(
        businesscentral.serving,
        {"token_url": "{}/token", "client_id": "kudos", "company": COMPANY},
        businesscentral.SECRET,
        _put_invoice,
        _told_invoice,
        document,
        lambda server: server.valid.clear(),
        lambda server, n: _renamed(
            server.documents[f"salesInvoices({document(n)})"], "salesInvoiceLines"
        ),
    ),
    "eventim": Vendor(
        lambda: api.serving(eventim.Server),
        {"token_url": "{}/token", "client_id": eventim.CLIENT},
        eventim.SECRET,
        _put_order,
        lambda n, _secret: {"entity": "order", "uuid": eventim.uuid(n)},
        eventim.uuid,
        lambda server: setattr(server, "ended", True),
        lambda server, n: _renamed(server.rows[eventim.uuid(n)], "orderDate"),
    ),
    "tessitura": Vendor(
        lambda: api.serving(tessitura.Server),
        {"client_id": tessitura.CLIENT},
        tessitura.SECRET,
        _put_saved,
        lambda n, _secret: {"OrderId": n},
        str,
        lambda _server: None,
        lambda server, n: _renamed(next(one for one in server.rows if one["Id"] == n), "Products"),
    ),
}


class Desk:
    """One vendor's server, our app, and what fetches.

    *clock* is the fetcher's, *slept* what its clients waited.
    """

    def __init__(self, vendor: str, server: Any, folder: Path, http: httpx.Client) -> None:
        self.vendor, self.speaks, self.server = vendor, VENDORS[vendor], server
        self.folder, self.http, self.sink = folder, http, MemorySink()
        self.clock, self.slept, self.address = 0.0, list[float](), ""
        self.register = folder / "register.toml"
        self.register.write_text(self._register(), "utf-8")
        for name, text in (*SECRETS.items(), ("api.hus", self.speaks.secret)):
            (folder / name).write_text(text, "utf-8")
        sealer = Sealer(new_key_pair()[1])
        dead = DeadLetters("ingest", sealer, lambda _reason: None, Limit(float("inf")))
        keyring, self.outbox = Keyring(WatchedRegister(self.register), folder), Outbox(self.sink)
        self.notices, self.stops = Notices(folder / "state"), unstopped(MOST_REJECTED)
        self.app = create_app(
            ADAPTERS,
            keyring,
            self.outbox,
            sealer,
            dead,
            standard={},
            most_bytes=100_000,
            hook=Hook(self.notices, THIN),
            stops=self.stops,
        )
        self.fetcher = Fetcher(
            self.notices,
            THIN,
            ADAPTERS,
            keyring.origin,
            client=Clients(http, folder, self.slept.append),
            intake=intakes(sealer, dead, self.stops),
            deliver=self._deliver,
            clock=lambda: self.clock,
            stops=self.stops,
        )

    def push(self, *numbers: int, secret: str = NEW) -> int:
        """Have the vendor tell of orders; return the last status that we answer."""
        path = f"{self.address}/v1/hooks/{self.vendor}/hus"
        if self.vendor != "businesscentral":
            path += "/" + SECRETS[secret].removeprefix("whsec_")
        return [
            self.http.post(path, json=self.speaks.told(number, secret)).status_code
            for number in numbers
        ][-1]

    def round(self, later_s: float = 0.0) -> None:
        """Fetch once what waits, *later_s* after the last."""
        self.clock += later_s
        self.fetcher.round()

    def fault(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Have the vendor's next answer be this."""
        self.server.faults.append((status, headers or {}, body))

    def waiting(self) -> int:
        """Return how much is not fetched yet."""
        return len(self.notices.waiting())

    def amounts(self) -> dict[str, list[int]]:
        """Return the amounts of each transaction, as received."""
        found: dict[str, list[int]] = {}
        for one in self.sink.topics[RECEIVED.name]:
            sale = avro.decode(one.value or b"", ReceivedTransaction).transaction
            lines = to_builtins(sale.lines)
            found.setdefault(sale.transaction, []).extend(line["amount_minor"] for line in lines)
        return found

    def dead(self) -> list[Message]:
        """Return the dead letters."""
        return self.sink.topics[f"{RECEIVED.name}.dead"]

    def _deliver(self, messages: Sequence[Message]) -> None:
        asyncio.run(self.outbox.deliver(messages))

    def _register(self) -> str:
        base = self.server.address
        own = {"base_url": base + ("/v2.0/t/e" if self.vendor == "businesscentral" else "")}
        own |= {name: text.format(base) for name, text in self.speaks.own.items()}
        lines = "".join(f'  {name} = "{text}"\n' for name, text in own.items())
        return (
            '[[organisation]]\nid = "hus"\nname = "Hus"\nindustry = "annet"\ncounty = "03"\n'
            'city = "0301"\nowner = "hus"\n  [[organisation.vendor]]\n'
            f'  id = "{self.vendor}"\n  secrets = ["{NEW}", "{OLD}"]\n'
            f'  credentials = "api.hus"\n{lines}'
        )


def prepared(folder: Path, address: str, house: str = "hus") -> Path:
    """Write a register with Business Central, and ingest's secrets; return their folder."""
    register = f"""
[[organisation]]
id = "{house}"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "businesscentral"
  secrets = ["{NEW}", "{OLD}"]
  base_url = "{address}/v2.0/t/e"
  token_url = "{address}/token"
  client_id = "kudos"
  company = "{COMPANY}"
  credentials = "bc.hus"
  public_url = "https://kudos.example"
"""
    (folder / "register.toml").write_text(register, "utf-8")
    secrets = folder / "secrets" / "ingest"
    secrets.mkdir(parents=True)
    for name, text in (*SECRETS.items(), ("bc.hus", businesscentral.SECRET)):
        (secrets / name).write_text(text, "utf-8")
    return secrets


@contextmanager
def desk(vendor: str, folder: Path, host: Host) -> Iterator[Desk]:
    """Yield a vendor that answers, and us at *host*."""
    with VENDORS[vendor].serving() as server, httpx.Client(timeout=5) as http:
        found = Desk(vendor, server, folder, http)
        found.address, host.app = host.address, found.app
        found.outbox.start()
        try:
            yield found
        finally:
            found.outbox.close()
            found.notices.close()
