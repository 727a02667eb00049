"""What every test may ask for, and what a unit test may not do."""

from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

pytest_plugins = ["tests.support.engine", "tests.support.broker", "tests.support.season"]

_UNIT, _E2E = (Path(__file__).parent / name for name in ("unit", "e2e"))
#: Marks of tests that talk to something that this machine runs.
_TALKS = ("engine", "kafka", "browser")

# how long a thing takes is measured in benchmarks, never in a test
settings.register_profile("kudos", deadline=None)
settings.load_profile("kudos")


@pytest.hookimpl(tryfirst=True)  # before the workers' own, which reads the group
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several workers share the work: one has whole systems and brokers, the others files."""
    items.sort(key=lambda item: (not item.path.is_relative_to(_E2E), not _is_heavy(item)))
    for item in items:
        group = "systems" if _is_heavy(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _is_heavy(item: pytest.Item) -> bool:
    return item.get_closest_marker("kafka") is not None or item.path.is_relative_to(_E2E)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a unit test reach no network, unless its mark says what it talks to."""
    if item.path.is_relative_to(_UNIT) and not any(map(item.get_closest_marker, _TALKS)):
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
