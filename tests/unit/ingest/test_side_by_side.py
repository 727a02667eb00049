"""Houses and vendors are fetched side by side: who is slow holds up no other, and has its bound."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kudos.register import WatchedRegister
from kudos.sealing import Sealer, new_key_pair
from kudos.stream import DeadLetters, Limit, Message
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Origin
from services.ingest.keyring import Keyring
from services.ingest.thin import THIN
from services.ingest.thin.base import Fetch, Thin
from services.ingest.thin.fetching import Fetcher
from services.ingest.thin.lanes import MOST
from services.ingest.thin.notices import Notices
from services.ingest.thin.working import intakes
from tests.support.ingest import unstopped
from tests.support.waiting import until

FIXTURES = Path(__file__).parent / "fixtures"
HOUSES = [f"hus-{n}" for n in range(MOST + 2)]
REGISTER = "".join(
    f"""
[[organisation]]
id = "{house}"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "{house}"
  [[organisation.vendor]]
  id = "eventim"
  [[organisation.vendor]]
  id = "tessitura"
"""
    for house in HOUSES
)


class Slow:
    """A vendor that answers when it is *open*."""

    def __init__(self, vendor: str) -> None:
        self.answer = (FIXTURES / vendor / "order.json").read_bytes()
        self.open, self.guard = threading.Event(), threading.Lock()
        self.asked = self.now = self.most = 0

    def get(self, _path: str, _params: object = None) -> bytes:
        with self.guard:
            self.asked, self.now = self.asked + 1, self.now + 1
            self.most = max(self.most, self.now)
        self.open.wait(20)
        with self.guard:
            self.now -= 1
        return self.answer


class Desk:
    """What fetches of two vendors, on threads as the service does."""

    def __init__(self, folder: Path) -> None:
        (folder / "register.toml").write_text(REGISTER, "utf-8")
        self.vendors = {vendor: Slow(vendor) for vendor in ("eventim", "tessitura")}
        self.notices, self.got = Notices(folder / "state"), list[Message]()
        sealer, stops = Sealer(new_key_pair()[1]), unstopped()
        dead = DeadLetters("ingest", sealer, lambda _reason: None, Limit(float("inf")))
        self.fetcher = Fetcher(
            self.notices,
            THIN,
            ADAPTERS,
            Keyring(WatchedRegister(folder / "register.toml"), folder).origin,
            client=self._client,  # type: ignore[arg-type]  # it only gets
            intake=intakes(sealer, dead, stops),
            deliver=self.got.extend,
            stops=stops,
        )

    def _client(self, origin: Origin, _thin: Thin) -> Slow:
        return self.vendors[origin.feed.id]

    def note(self, vendor: str, *houses: str) -> None:
        for house in houses:
            self.notices.note(vendor, house, [Fetch("orders/1")])

    def of(self, vendor: str) -> set[str]:
        """Return of which houses the broker has something."""
        keys = [(one.key or b"").decode().split("/") for one in self.got]
        return {house for house, of, *_ in keys if of == vendor}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found, stop = Desk(tmp_path), threading.Event()
    thread = threading.Thread(target=found.fetcher.run, args=(stop,))
    thread.start()
    yield found
    stop.set()
    for vendor in found.vendors.values():
        vendor.open.set()
    thread.join(10)


def test_a_slow_vendor_has_its_bound_and_holds_up_no_other(desk: Desk) -> None:
    slow, quick = desk.vendors["eventim"], desk.vendors["tessitura"]
    desk.note("eventim", *HOUSES)
    until(lambda: slow.now == MOST, "not as many as may are asked at once", 10)
    quick.open.set()
    desk.note("tessitura", *HOUSES)
    until(lambda: desk.of("tessitura") == set(HOUSES), "they wait for the other vendor", 10)
    assert (MOST, set()) == (slow.asked, desk.of("eventim"))
    slow.open.set()
    until(lambda: desk.of("eventim") == set(HOUSES), "who waited has no turn", 10)
    until(lambda: not desk.notices.counts(), "something is left", 10)
    assert (MOST, len(HOUSES)) == (slow.most, slow.asked)


def test_of_one_house_one_is_fetched_at_a_time_and_what_comes_meanwhile_follows(
    desk: Desk,
) -> None:
    slow, house = desk.vendors["eventim"], HOUSES[0]
    for number in range(3):
        desk.notices.note("eventim", house, [Fetch(f"orders/{number}")])
    until(lambda: slow.now == 1, "it is not asked", 10)
    # told of again while it is fetched: it has changed since
    desk.notices.note("eventim", house, [Fetch("orders/0")])
    slow.open.set()
    until(lambda: not desk.notices.counts(), "something is left", 10)
    assert (1, 4) == (slow.most, slow.asked)
