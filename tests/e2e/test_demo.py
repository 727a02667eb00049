"""The demo plays a season, balances and ends; started again it goes on with what is there."""

from pathlib import Path

import pytest

from tests.support.system import command, free_ports

pytestmark = [pytest.mark.kafka, pytest.mark.engine]


def test_the_demo_ends_with_a_balanced_ledger(tmp_path: Path) -> None:
    arguments = ("demo", "--orders", "1500", "--exit", "--data", str(tmp_path / "data"))
    first = command(*arguments, "--port-base", str(free_ports()))
    assert 0 == first.returncode, first.stdout + first.stderr
    assert "accepted" in first.stdout
    # the season has been played: it is not played again
    again = command(*arguments, "--port-base", str(free_ports()))
    assert 0 == again.returncode, again.stdout + again.stderr
    table = [line for line in first.stdout.splitlines() if "hovedstadens-scene" in line]
    assert table == [line for line in again.stdout.splitlines() if "hovedstadens-scene" in line]
