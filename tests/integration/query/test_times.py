"""Every answer says of when it is, with a zone, and whether it is live or published."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kudos.clickhouse import connect
from services.query.openapi import document
from tests.integration.query.test_cuts import NOW, System
from tests.support.engine import database

pytestmark = pytest.mark.engine

FAMILIES = ("facts", "visits", "kpi_daily", "sales_live", "ledger")
WATERMARK = datetime(2026, 11, 30, 23, 59, 59, 5, tzinfo=UTC)
HOUSE = "house-1-1"
_FIGURES = "/v1/figures?period=2026&measure="
PATHS = (
    f"{_FIGURES}tickets&scope=organisation:{HOUSE}",
    f"{_FIGURES}unique_customers&scope=organisation:{HOUSE}",
    f"{_FIGURES}unique_customers&scope=organisation:{HOUSE}&by=gender",
    f"{_FIGURES}tickets&scope=network",
    f"{_FIGURES}index&scope=organisation:{HOUSE}&by=gender&base=network",
    "/v1/benchmark?measure=tickets&period=2026&peers=network",
    "/v1/cross-use?period=2026",
    "/v1/cuts",
    "/v1/asked",
    "/v1/live",
    "/v1/status",
)
#: Answers that hold figures; the others are lists of what there is, and how far the tables are.
FIGURES = ("/v1/figures", "/v1/benchmark", "/v1/cross-use", "/v1/live")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TIMES = {"as_of", "watermark", "done_at", "asked_at", *FAMILIES}


@pytest.fixture(scope="module")
def system(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Yield a system whose tables are as far as a watermark, in which a cut was made."""
    with database(engine) as url:
        found = System(url, tmp_path_factory.mktemp("times"))
        with connect(url) as client:
            rows = [(family, WATERMARK, NOW) for family in FAMILIES]
            client.insert("watermarks", rows, column_names=["family", "watermark", "noted_at"])
            found.first = found.cut(client)
        yield found
        found.pool.close()


def times(found: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every time in an answer with its name."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from times(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from times(value, name)
    elif name in _TIMES:
        yield name, found


@pytest.mark.parametrize("path", PATHS)
async def test_every_time_has_a_zone(system: System, path: str) -> None:
    # somebody else asked, so that there is something to tell of who asked
    await system.get(f"{_FIGURES}tickets&scope=network", "network")
    answer = await system.get(path, HOUSE)
    assert 200 == answer.status_code, answer.text
    found = list(times(answer.json()))
    assert found
    for name, value in found:
        assert _TIME.fullmatch(value), f"{name}: {value}"
    table = await system.get(path + ("&" if "?" in path else "?") + "format=csv", HOUSE)
    for written in re.findall(r"\d{4}-\d\d-\d\dT[^,\s]*", table.text):
        assert _TIME.fullmatch(written), written


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith(FIGURES)])
async def test_every_figure_says_of_when_it_is_and_of_which_kind(system: System, path: str) -> None:
    found = (await system.get(path, HOUSE)).json()
    assert WATERMARK.isoformat().replace("+00:00", "Z") == found["as_of"]
    own = path in {*PATHS[:2], "/v1/live"}
    assert ("live" if own else "published") == found["kind"]


def test_openapi_says_so_too() -> None:
    schemas = document()["components"]["schemas"]
    for name in ("Figure", "Benchmark", "CrossUse", "Live"):
        assert {"as_of", "kind"} <= set(schemas[name]["required"]), name
