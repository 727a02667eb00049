"""How many changed records were accepted: a run of the tests states it at its end."""

from collections.abc import Callable, Sequence

import pytest
from _pytest.terminal import TerminalReporter

#: States of what bears a name which of those that were tried were accepted.
State = Callable[[str, Sequence[bool]], None]
_NAME = "accepted"


@pytest.fixture
def state(record_property: Callable[[str, object], None]) -> State:
    """Return what states a share."""
    return lambda name, tried: record_property(_NAME, f"{name} {sum(tried)}/{len(tried)}")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Write the shares of all tests in a line."""
    shares = sorted(
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == _NAME
    )
    if shares:
        terminalreporter.write_line(f"changed records that were accepted: {', '.join(shares)}")
