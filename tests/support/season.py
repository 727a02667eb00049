"""A season that has been played into a whole system, and its truth; played once for all tests."""

import hashlib
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kudos.local.secrets import write
from simulation.courier import Courier
from simulation.places import MUNICIPALITIES
from simulation.play import play
from simulation.truth import Truth
from simulation.world import World, people_for
from tests.support.system import Running, command, running

ORDERS = 20_000
#: Whose tests count the network, and want nothing in it but the season.
EVERYBODY = "test_persons.py"

#: Organisations of the tests' own, beside the simulated ones: the vendors each sells through.
OWN = {
    "platebutikken": ("USD", ("homemade",)),  # what is imported
    "provehuset": ("NOK", ("homemade", "tixly", "hoopla")),  # what is sent by hand
}
_ORGANISATION = """
[[organisation]]
id = "{id}"
name = "{id}"
industry = "annet"
county = "03"
city = "0301"
owner = "{id}"
currency = "{currency}"
{feeds}
[[token]]
sha256 = "{sha256}"
role = "organisation"
organisation = "{id}"
"""
_FEED = """
  [[organisation.vendor]]
  id = "{vendor}"
  secrets = ["{vendor}.{id}.1"]
"""


def register() -> str:
    """Return the register of the tests' own organisations; each one's token is its id."""
    return "".join(
        _ORGANISATION.format(
            id=id_,
            currency=currency,
            feeds="".join(_FEED.format(vendor=vendor, id=id_) for vendor in vendors),
            sha256=hashlib.sha256(id_.encode()).hexdigest(),
        )
        for id_, (currency, vendors) in OWN.items()
    )


def postal_codes() -> str:
    """Return the register of the postal codes where simulated people live."""
    rows = [f"{code},{municipality},{c}" for code, (municipality, c) in MUNICIPALITIES.items()]
    return "\n".join(["postal_code,municipality_no,centrality", *rows])


@contextmanager
def prepared(data: Path) -> Iterator[Running]:
    """Run a system on *data* that knows the simulated organisations and the tests' own."""
    secrets = {
        (id_, vendor): os.urandom(24) for id_, (_, vendors) in OWN.items() for vendor in vendors
    }
    for (id_, vendor), secret in secrets.items():
        text = "whsec_" + b64encode(secret).decode()
        write(data / "secrets" / "ingest" / f"{vendor}.{id_}.1", text)
    codes = data / "postal_codes.csv"
    write(codes, postal_codes())
    done = command("reference", "import", "postal-codes", str(codes), "--data", str(data))
    assert done.returncode == 0, done.stderr
    with running(data, register()) as system:
        system.access.secrets.update(secrets)
        system.access.tokens.update({id_: id_ for id_ in OWN})
        yield system


class Season:
    """The system, what was sent to it, and what stands in the end."""

    def __init__(self, system: Running, truth: Truth, courier: Courier) -> None:
        self.system = system
        self.lines = truth.lines(courier.receipts)
        self.customers, self.statements = truth.told.table(), truth.told.statements()
        counts = list(courier.counts.values())
        self.deliveries = sum(count.deliveries for count in counts)
        self.repeats = sum(count.repeats for count in counts)
        self.stale = sum(count.stale for count in counts)
        self.transactions = sum(count.transactions for count in counts)


def played(system: Running, orders: int, *, seed: int = 1, rate: float | None = None) -> Season:
    """Play a season of *orders* into *system* and return when all of it is acknowledged.

    *rate* is orders/s; None: as fast as they are taken.
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    world = World(seed, now, people=people_for(orders), kind="clean")
    truth = Truth()
    secrets: Mapping[tuple[str, str], bytes] = system.access.secrets
    courier = Courier(system.addresses["ingest"], secrets, seed=seed)
    with courier:
        play(world, orders, truth, courier, rate=rate)
    return Season(system, truth, courier)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come first who count everybody: others sell to people of their own."""
    items.sort(key=lambda item: item.path.name != EVERYBODY)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a whole system."""
    data: Path = tmp_path_factory.mktemp("system") / "data"
    with prepared(data) as found:
        yield found


@pytest.fixture(scope="session")
def season(system: Running) -> Season:
    """Return a season that the system has counted."""
    found = played(system, ORDERS)
    system.wait_until_counted()
    return found
