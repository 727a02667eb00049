"""What every test may ask for, and what a unit test may not do."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = [
    "tests.support.engine",
    "tests.support.broker",
    "tests.support.season",
    "tests.support.shares",
]

_TESTS = Path(__file__).parent
_UNIT, _E2E = _TESTS / "unit", _TESTS / "e2e"
#: Marks of tests that talk to something that this machine runs.
_TALKS = ("engine", "kafka", "browser")

# how long a thing takes is measured in benchmarks, never in a test
settings.register_profile("kudos", deadline=None)
settings.load_profile("kudos")


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Lets workers share the work: one has whole systems and brokers, the others a file each."""

    def _split_scope(self, nodeid: str) -> str:
        path = _TESTS.parent / nodeid.partition("::")[0]
        return "systems" if _is_heavy(path) else str(path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Sharing:
    """Return who shares out the tests where there are several workers."""
    return Sharing(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest group be the first that is shared out."""
    items.sort(key=lambda item: (not _is_heavy(item.path), not item.path.is_relative_to(_E2E)))


@cache
def _is_heavy(path: Path) -> bool:
    return path.is_relative_to(_E2E) or "mark.kafka" in path.read_text("utf-8")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a unit test reach no network, unless its mark says what it talks to."""
    if item.path.is_relative_to(_UNIT) and not any(map(item.get_closest_marker, _TALKS)):
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
