"""A service that is loops: how it ends, and what it says of it."""

import json
import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kudos import logs, process

ROOT = Path(__file__).parents[2]
SECRET = "kari@nordvik.no"

#: A service of one loop, which each test says.
SERVICE = """
import sys, threading
from kudos import process
from kudos.errors import Misconfigured, Reason, Rejected

def compose(stop):
    {compose}
    def loop():
        {loop}
    return {{"tested": loop}}

sys.exit(process.main("tests", compose))
"""


def service(loop: str, compose: str = "pass") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SERVICE.format(loop=loop, compose=compose)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(running: "subprocess.Popen[str]") -> tuple[int, list[dict[str, str]]]:
    _, said = running.communicate(timeout=30)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return running.returncode, lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(number: signal.Signals) -> None:
    running = service("stop.wait()")
    assert running.stderr is not None
    assert "started" in running.stderr.readline()
    running.send_signal(number)
    status, lines = ended(running)
    assert 0 == status
    assert ["stopped"] == [line["message"] for line in lines]


def test_a_loop_that_dies_ends_it_and_its_error_is_not_quoted() -> None:
    status, lines = ended(service(f"raise ValueError({SECRET!r})"))
    assert 1 == status
    [died] = [line for line in lines if line["level"] == "critical"]
    assert ("tested died", "ValueError") == (died["message"], died["error"])
    assert "where" in died
    assert SECRET not in str(lines)


def test_our_own_errors_which_never_quote_are_said() -> None:
    status, lines = ended(service("raise Rejected(Reason.UNREADABLE, 'customer')"))
    assert 1 == status
    assert "tested died: unreadable: customer" in [line["message"] for line in lines]


def test_a_loop_that_ends_unasked_has_died() -> None:
    status, lines = ended(service("return"))
    assert 1 == status
    assert "tested ended unasked" in [line["message"] for line in lines]


def test_a_wrong_setting_is_one_line_and_misuse() -> None:
    running = service("pass", compose="raise Misconfigured('KUDOS_KAFKA: Field required')")
    _, said = running.communicate(timeout=30)
    assert (2, "tests: KUDOS_KAFKA: Field required\n") == (running.returncode, said)


def test_what_nobody_caught_is_not_quoted_either() -> None:
    status, lines = ended(service("pass", compose=f"raise ValueError({SECRET!r})"))
    assert 1 == status
    assert ["ValueError"] == [line["error"] for line in lines]
    assert SECRET not in str(lines)


def test_a_thread_that_nobody_watches_is_not_quoted(capfd: pytest.CaptureFixture[str]) -> None:
    code = f"""
import threading
from kudos.logs import configure
configure("tests")
def broken():
    raise ValueError({SECRET!r})
threading.Thread(target=broken).start()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert SECRET not in done.stderr
    assert "ValueError" == json.loads(done.stderr)["error"]


def test_a_loop_that_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE_S", 0.05)
    stop, never = threading.Event(), threading.Event()
    stop.set()

    def stuck() -> None:
        never.wait(30)

    assert process.run({"stuck": stuck}, stop)
    never.set()


# --- logs -----------------------------------------------------------------------------------------


@pytest.fixture
def record() -> logging.LogRecord:
    return logging.makeLogRecord({"name": "kudos.tests", "levelname": "WARNING", "msg": "æ %s"})


def formatted(record: logging.LogRecord) -> dict[str, object]:
    text = logs.JsonFormatter("tests").format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


def test_a_line_is_json_with_what_extra_holds(record: logging.LogRecord) -> None:
    record.args, record.batch = (7,), 500
    found = formatted(record)
    assert ("æ 7", "warning", "tests", "kudos.tests", 500) == tuple(
        found[name] for name in ("message", "level", "service", "logger", "batch")
    )


def test_of_an_exception_only_type_and_place_are_said(record: logging.LogRecord) -> None:
    def inner() -> None:
        raise LookupError(SECRET)

    record.args = (7,)
    try:
        try:
            inner()
        except LookupError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        record.exc_info = sys.exc_info()
    found = formatted(record)
    assert SECRET not in str(found)
    assert "ValueError" == found["error"]
    assert str(found["where"]).startswith(f"{__file__}:")


def test_a_line_that_cannot_be_formatted_quotes_nothing() -> None:
    code = f"""
import logging
from kudos.logs import configure
configure("tests")
logging.getLogger("kudos").warning("%d", {SECRET!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
