"""A child is started again with back-off, and is gone when its parent is, however that ended."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from kudos.local.child import Child

SECONDS = 20.0


def child(tmp_path: Path, code: str) -> Child:
    command = [sys.executable, "-c", code]
    return Child("tried", command, {}, tmp_path / "log" / "tried.log", lambda: True)


def ended(one: Child) -> int:
    """Return its status once it has ended."""
    deadline = time.monotonic() + SECONDS
    while (status := one.failed()) is None:
        assert time.monotonic() < deadline, "it does not end"
        time.sleep(0.01)  # between two looks, with a deadline
    return status


def test_each_start_after_an_early_end_waits_longer(tmp_path: Path) -> None:
    one = child(tmp_path, "import sys; sys.exit(3)")
    one.start()
    now, waits = 1000.0, []
    for _ in range(8):
        assert 3 == ended(one)
        began = now
        assert not one.revive(now), "at once"
        while not one.revive(now):
            now += 0.05
        waits.append(round(now - began, 1))
    assert [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0] == pytest.approx(waits, abs=0.11)
    assert 8 == one.restarts
    ended(one)


def test_good_health_makes_the_wait_short_again(tmp_path: Path) -> None:
    one = child(tmp_path, "import sys; sys.stdin.read(); import time; time.sleep(60)")
    one.start()
    for _ in range(3):
        assert one.pid is not None
        os.kill(one.pid, signal.SIGKILL)
        assert -signal.SIGKILL == ended(one)
        one.revive(0.0)
        assert one.revive(100.0)
    # half a minute of health
    assert not one.revive(time.monotonic() + 31)
    assert one.pid is not None
    os.kill(one.pid, signal.SIGKILL)
    ended(one)
    assert not one.revive(0.001)
    assert one.revive(0.25)
    one.stop(5)
    assert one.pid is None


def test_one_that_does_not_heed_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(60)"
    )
    one = child(tmp_path, deaf)
    one.start()
    deadline = time.monotonic() + SECONDS
    while "deaf" not in one.last_lines():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between two looks, with a deadline
    one.stop(0.2)
    assert -signal.SIGKILL == one.failed()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    parent_code = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from kudos.local.child import Child
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        one = Child("tried", command, {{}}, Path({str(tmp_path / "log")!r}), lambda: True)
        one.start()
        print(one.pid, flush=True)
        time.sleep(60)
    """)
    command = [sys.executable, "-c", parent_code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        assert orphan.is_running()
        parent.kill()
    try:
        orphan.wait(SECONDS)
    except psutil.NoSuchProcess:
        return
    assert not orphan.is_running()
