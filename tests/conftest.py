"""What every test may ask for, and what a unit test may not do."""

from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket

pytest_plugins = ["tests.support.engine", "tests.support.broker", "tests.support.season"]

_UNIT = Path(__file__).parent / "unit"
#: Marks of tests that talk to something that this machine runs.
_TALKS = ("engine", "kafka", "browser")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a unit test reach no network, unless its mark says what it talks to."""
    if item.path.is_relative_to(_UNIT) and not any(map(item.get_closest_marker, _TALKS)):
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
