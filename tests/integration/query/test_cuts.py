"""A cut over real tables holds what plain Python counts, and is answered as published."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from clickhouse_connect.driver.client import Client

from kudos.clickhouse import connect
from kudos.register import WatchedRegister
from services.aggregate import register as registers
from services.query.answers import Answers
from services.query.app import create_app
from services.query.beside import Beside
from services.query.cuts import store
from services.query.cuts.make import make
from services.query.cuts.publisher import Publisher, due, night_before, request
from services.query.disclosure.model import Cell, CellKey, Rules, Verdict, Why
from services.query.pool import Pool
from services.query.tokens import bearer
from tests.support import derived, groups
from tests.support.engine import database
from tests.support.groups import Sold

pytestmark = pytest.mark.engine

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
RULES = Rules(k=2, organisations=2, owners=2)


def k_alone(
    cells: Iterable[Cell],
    margins: object,
    organisations: object,
    rules: Rules,
    previous: object = (),
) -> Mapping[CellKey, Verdict]:
    """Stand in for disclosure control, which has tests of its own: persons, and no rounding."""
    few = Why.TOO_FEW_PERSONS
    return {
        c.key: Verdict(c.key, c.value) if c.persons >= rules.k else Verdict(c.key, why=few)
        for c in cells
    }


class System:
    """Small worlds in real tables, and the service over them."""

    first: store.Cut

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.worlds, register = derived.worlds_of(3)
        self.houses = register.organisations
        self.register = WatchedRegister(self._write(folder))
        with connect(url) as client:
            registers.sync(client, self.register.now)
            derived.write(client, self.worlds, slice(None))
            derived.refreshed(client)
        self.pool = Pool(partial(connect, url))
        ways = [bearer(self.register)]
        self.beside = Beside(self.pool, self.register, ways, secret="sesame", now=lambda: NOW)
        answers = Answers(self.pool, self.register, lambda: NOW)
        self.app = create_app(answers, self.register, ways, beside=self.beside)

    def _write(self, folder: Path) -> Path:
        text = ""
        for one in self.houses.values():
            text += f'[[organisation]]\nid = "{one.id}"\nname = "{one.id}"\nindustry = "museum"\n'
            text += f'county = "46"\ncity = "4601"\nowner = "{one.id}"\ncross_use = true\n'
            text += 'venues = { "Kirken" = "0301" }\n'
        for token in (*self.houses, "network", "operator"):
            digest = hashlib.sha256(token.encode()).hexdigest()
            own = f'"organisation"\norganisation = "{token}"'
            role = own if token in self.houses else f'"{token}"'
            text += f'[[token]]\nsha256 = "{digest}"\nrole = {role}\n'
        path = folder / "organisations.toml"
        path.write_text(text, "utf-8")
        return path

    def cut(self, client: Client, now: datetime = NOW) -> store.Cut:
        return make(client, self.register.now, now, k_alone, rules=RULES)

    async def get(self, path: str, token: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://query") as http:
            return await http.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def system(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Yield a system in which one cut was made."""
    with database(engine) as url:
        found = System(url, tmp_path_factory.mktemp("cuts"))
        with connect(url) as client:
            found.first = found.cut(client)
        yield found
        found.pool.close()


def periods(day: date) -> list[str]:
    """Return the long periods of a day."""
    quarter, season = (day.month + 2) // 3, day.year - (day.month < 8)
    return [f"{day:%Y-%m}", f"{day.year}-Q{quarter}", f"{day.year}", f"season-{season}"]


def expected(lines: list[Sold], houses: Mapping[str, Any]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Return each cell's figures: by scope, period, breakdown and value."""
    held: defaultdict[tuple[Any, ...], list[Sold]] = defaultdict(list)
    for one in lines:
        house = houses[one.sale.organisation]
        venue = one.line.performance.venue if one.line.performance else None
        city = house.venues.get(venue or "", house.city)
        scopes = ["network", "industry:museum", f"region:{city[:2]}", f"organisation:{house.id}"]
        falls = [("", ""), *groups._falls(one, 0, houses)]  # noqa: SLF001 (the oracle's own)
        for scope in scopes:
            for period in periods(one.day):
                for by, value in falls:
                    held[scope, period, by, value].append(one)
    return {key: _sums(found) for key, found in held.items()}


def _sums(found: list[Sold]) -> dict[str, int]:
    sales = [x for x in found if x.line.kind == "sale"]
    money = 0
    for x in found:
        if x.line.item not in {"gift_card", "donation", "season_pass_use"} and (
            x.sale.currency == "NOK"
        ):
            price = x.line.amount_minor - x.line.discount_minor
            money += price if x.line.kind == "sale" else -price
    return {
        "customers": len({x.person for x in sales} - {None}),
        "tickets": sum(x.line.quantity for x in sales if x.line.item == "ticket"),
        "net_revenue": money,
        "orders": len({x.sale.order_id for x in sales}),
        "persons": len({x.person or x.sale.order_id for x in found}),
    }


def test_cells_are_what_plain_python_counts(system: System) -> None:
    told = expected(groups.lines_of(system.worlds), system.houses)
    cut = system.first
    with connect(system.url) as client:
        known = store.known(client)
    compared = 0
    for key, one in known.items():
        if len(key.by) > 1 or (key.by and key.by[0][0] == "party_size"):
            continue
        by, value = key.by[0] if key.by else ("", "")
        wanted = told.get((key.scope, key.period, by, value))
        if wanted is not None and key.measure in wanted:
            assert wanted[key.measure] == one.cell.value, key
            shown = one.cell.persons >= RULES.k
            assert (one.cell.value if shown else None) == one.value
            if key.measure != "customers":
                assert wanted["persons"] == one.cell.persons, key
            compared += 1
    assert compared > 1500
    # and none is missing
    for (scope, period, by, value), sums in told.items():
        if sums["tickets"] and scope in cut.scopes and (by != "party_size"):
            if by in {"municipality", "weekday_hour"}:
                continue
            if scope.startswith("organisation") and by in {
                *("ticket_class", "genre", "channel", "price_band", "lead_time")
            }:
                continue
            key = CellKey("tickets", scope, period, ((by, value),) if by else ())
            assert key in known


async def test_groups_are_answered_as_published_and_who_asked_is_told(system: System) -> None:
    path = "/v1/figures?measure=unique_customers&scope=network&period=2026"
    with connect(system.url) as client:
        known = store.known(client)
    told = (await system.get(path, "house-1-1")).json()
    [cell] = told["cells"]
    key = CellKey("customers", "network", "2026")
    assert ("published", known[key].value) == (told["kind"], cell["value"])
    assert told["organisations"] > 2
    assert told["coverage"] is not None
    assert 403 == (await system.get(path, "operator")).status_code
    small = (await system.get(path.replace("network", "industry:kino"), "network")).json()
    expected_cell: dict[str, Any] = {
        "by": {},
        "value": None,
        "why": "too_few_organisations",
        "try": "network",
    }
    assert [expected_cell] == small["cells"]
    assert (0, None) == (small["organisations"], small["coverage"])
    by = (await system.get(path + "&by=gender", "house-1-1")).json()["cells"]
    for one in by:
        base = known[CellKey("customers", "network", "2026", (("gender", one["by"]["gender"]),))]
        assert (base.value, base.why) == (one["value"], one.get("why", ""))
    index = path.replace("unique_customers", "index") + "&by=gender&base=network"
    assert {100.0, None} >= {
        c["value"] for c in (await system.get(index, "network")).json()["cells"]
    }
    bench = await system.get("/v1/benchmark?measure=tickets&period=2026&peers=network", "house-1-1")
    assert bench.json()["scope"] == "network"
    use = (await system.get("/v1/cross-use?period=2026", "house-1-1")).json()
    assert {"organisation", "industry", "region"} <= {c["kind"] for c in use["cells"]}
    assert {c["cut"] for c in (await system.get("/v1/cuts", "network")).json()["cuts"]} == {
        system.first.cut
    }
    about = (await system.get("/v1/asked", "house-0-0")).json()["asked"]
    assert {"house-1-1", ""} == {one["organisation"] for one in about}
    assert {"figures"} <= {one["answer"] for one in about}
    mine = (await system.get("/v1/asked", "house-1-1")).json()["asked"]
    assert "house-1-1" not in {one["organisation"] for one in mine}


def test_one_leads_and_makes_what_is_due(engine_url: str) -> None:
    ran = ["python", "-c", "pass"]
    first, second = (
        Publisher(partial(connect, engine_url), time(3, 30), command=ran) for _ in range(2)
    )
    with connect(engine_url) as client:
        assert first.leads(client)
        assert not second.leads(client)
        assert not first.once()  # nothing is due
        request(client, datetime.now(UTC))
        assert not second.once()
        assert first.once()
        client.command("ALTER TABLE cut_leaders DELETE WHERE 1 SETTINGS mutations_sync = 2")
        assert second.leads(client)
    night = night_before(NOW, time(3, 30))
    assert NOW - timedelta(days=1) < night < NOW
    assert due(None, night - timedelta(hours=1), night, NOW)
    assert not due(None, None, night, NOW)
    assert due(NOW, None, night, NOW)
    assert not due(night, NOW, night, NOW)


def test_a_cut_that_was_not_completed_is_nobodys_and_the_same_again_writes_nothing(
    system: System,
) -> None:
    with connect(system.url) as client:
        first = system.first
        assert first.written == first.cells > 1000
        again = system.cut(client, NOW + timedelta(days=1))
        assert (0, first.published) == (again.written, again.published)
        client.command(
            "INSERT INTO published SELECT * REPLACE (99 AS cut, 7 AS value) FROM published"
        )
        client.command(
            "INSERT INTO published SELECT * REPLACE (9999999999999999 AS cut, 7 AS value) "
            "FROM published WHERE measure = 'orders'"
        )
        values = [k.value for key, k in store.known(client).items() if key.measure == "orders"]
        assert {7} != set(values)
        assert [again.cut, first.cut] == [cut.cut for cut in store.history(client)]
