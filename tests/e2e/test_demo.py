"""The demo plays a season, balances and ends; started again it goes on with what is there."""

from pathlib import Path

import pytest

from tests.support.system import command, free_ports

pytestmark = [pytest.mark.kafka, pytest.mark.engine]

#: Every source that there is has sold, each in its own way.
WAYS = (
    "sold by 38 sources: 33 pushed, 2 polled (ticketco, ticketmaster), "
    "1 named and fetched (eventim), 1 files (saft), 1 a till's calls (pckasse)"
)


def test_the_demo_ends_with_a_balanced_ledger(tmp_path: Path) -> None:
    arguments = ("demo", "--orders", "1500", "--exit", "--data", str(tmp_path / "data"))
    first = command(*arguments, "--port-base", str(free_ports()))
    assert 0 == first.returncode, first.stdout + first.stderr
    assert "accepted" in first.stdout
    assert WAYS in first.stdout
    accepted = {line.split()[0]: line.split()[1] for line in first.stdout.splitlines() if line}
    # what these sell comes by no push
    for house in ("dansehuset-vest", "jazzklubben-blaa", "kammer-sor", "bymuseet-gratis"):
        assert int(accepted[house]) > 0, house
    # the season has been played: it is not played again
    again = command(*arguments, "--port-base", str(free_ports()))
    assert 0 == again.returncode, again.stdout + again.stderr
    table = [line for line in first.stdout.splitlines() if "hovedstadens-scene" in line]
    assert table == [line for line in again.stdout.splitlines() if "hovedstadens-scene" in line]
