"""What every test may ask for, and what a unit test may not do."""

from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

pytest_plugins = ["tests.support.engine", "tests.support.broker", "tests.support.season"]

_TESTS = Path(__file__).parent
_UNIT, _E2E = _TESTS / "unit", _TESTS / "e2e"
#: Marks of tests that talk to something that this machine runs.
_TALKS = ("engine", "kafka", "browser")

# how long a thing takes is measured in benchmarks, never in a test
settings.register_profile("kudos", deadline=None)
settings.load_profile("kudos")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let several workers share the work: one has whole systems and brokers, the others files."""
    group = "systems" if _is_heavy(item) else str(item.path.relative_to(_TESTS))
    item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest group be the first that is shared out."""
    items.sort(key=lambda item: (not _is_heavy(item), not item.path.is_relative_to(_E2E)))


def _is_heavy(item: pytest.Item) -> bool:
    return item.get_closest_marker("kafka") is not None or item.path.is_relative_to(_E2E)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a unit test reach no network, unless its mark says what it talks to."""
    if item.path.is_relative_to(_UNIT) and not any(map(item.get_closest_marker, _TALKS)):
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
