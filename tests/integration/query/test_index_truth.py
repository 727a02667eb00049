"""An index is what another way of counting says: of the network's sales, and of a register.

The network, the cut and the other way are those of test_beside_truth; the register of inhabitants
goes in by ``kudos reference import population``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kudos.cli.reference import command
from kudos.population import population
from services.query.disclosure.model import Rule, Rules
from services.query.matrix import row_of
from services.query.periods import parse
from services.query.question import Published
from tests.integration.query.test_beside_truth import System
from tests.support.beside.inhabitants import Inhabitants, index, register
from tests.support.beside.truth import Row, Rows
from tests.support.engine import database

pytestmark = pytest.mark.engine

#: A period and the year of the register that it is held against: 2025 has none of its own.
PERIODS = {"2025": 2024, "2026": 2026, "season-2025": 2024, "2026-01": 2026, "2025-Q4": 2024}
PERSONAL = ("age_band", "county", "municipality")
LEAST = {"population": 150, "population:46": 60, "network": 150}
#: Both round to a tenth.
CLOSE = 0.0501


class Register:
    """The network's system, and its register of inhabitants twice: imported, and as it came."""

    def __init__(self, url: str, folder: Path) -> None:
        self.system = System(url, folder, Rules(off=frozenset({Rule.SOLVER})))
        file = folder / "inhabitants.csv"
        file.write_text(register(), "utf-8")
        asked = ["import", "population", str(file), "--data", str(folder)]
        told = CliRunner().invoke(command, asked, catch_exceptions=False, env={})
        assert 0 == told.exit_code, told.output
        assert "2024: " in told.output
        self.system.beside.population = population(folder / "reference")
        self.people = Inhabitants(file)
        self._rows: dict[tuple[str, ...], Rows] = {}

    def rows(self, period: str, *by: str) -> Rows:
        """Return what is true of every scope, counted once."""
        if (period, *by) not in self._rows:
            self._rows[period, *by] = self.system.truth.rows(period, by)
        return self._rows[period, *by]


@pytest.fixture(scope="module")
def known(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    with database(engine) as url:
        found = Register(url, tmp_path_factory.mktemp("index"))
        yield found
        found.system.pool.close()


def questions(known: Register) -> Iterator[Published]:
    """Yield what an index is asked of: every scope in every period, by age and by place."""
    for scope in known.system.truth.scopes():
        for period in map(parse, PERIODS):
            for by in PERSONAL:
                kind = scope.partition(":")[0]
                if row_of("unique_customers", kind, period.kind, (by,)):
                    yield Published("index", scope, period, (by,))


@pytest.mark.parametrize("base", ["population", "population:46", "network"])
def test_an_index_is_true(known: Register, base: str) -> None:
    compared = 0
    for asked in questions(known):
        [by], period = asked.by, asked.period.id
        if (base, by) == ("population:46", "county"):
            continue
        true, whole = known.rows(period, by), known.rows(period)
        answer = known.system.ask(Published("index", asked.scope, asked.period, (by,), base))
        persons = known.system.ask(Published("unique_customers", asked.scope, asked.period, (by,)))
        shown = {cell["by"][by] for cell in persons["cells"] if cell["value"] is not None}
        for cell in answer["cells"]:
            if cell["value"] is None:
                assert cell["why"]
                continue
            value = cell["by"][by]
            # whatever it is made of has been published
            assert value in shown
            expected = _true(known, (asked, base, value), true, whole)
            found = (cell["value"], *cell["interval"])
            assert expected == pytest.approx(found, abs=CLOSE), (asked, base, value)
            compared += 1
        if base != "network":
            year = PERIODS[period]
            expected_base: dict[str, Any] = {
                "id": "population",
                "geography": base.partition(":")[2] or "NO",
                "year": year,
                "table": "07459",
            }
            assert expected_base == answer["base"]
    print(f"\n{base}: {compared} compared")
    assert LEAST[base] < compared


def _true(
    known: Register, of: tuple[Published, str, str], true: Rows, whole: Rows
) -> tuple[float, ...]:
    (asked, base, value), [by] = of, of[0].by

    def persons(rows: Rows, scope: str, told: tuple[str, ...]) -> int:
        held: Row = rows.get((scope, told), {})
        return int(held.get("customers", 0))

    a, n = persons(true, asked.scope, (value,)), persons(whole, asked.scope, ())
    if base == "network":
        b, m = persons(true, "network", (value,)), persons(whole, "network", ())
        return index(a / n, b / m, 1 / a - 1 / n + 1 / b - 1 / m)
    n -= persons(true, asked.scope, ("unknown",))
    county = base.partition(":")[2]
    shares = known.people.shares(PERIODS[asked.period.id], county, by)
    return index(a / n, shares[value], 1 / a - 1 / n)
