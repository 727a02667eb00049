"""Wait until what a demo's vendors were told of has been polled, fetched, and counted."""

import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from kudos.errors import KudosError, Misconfigured

_LOOK_S = 0.2
_PATIENCE_S = 300.0
#: A vendor and an organisation.
Name = tuple[str, str]


def until_read(
    ingest: str, polled: Collection[Name], fetched: Collection[Name], stopping: Callable[[], bool]
) -> None:
    """Return when all that was listed or named before is with the broker, or when *stopping*.

    A poll that ends may have begun before; the one after it has not.
    """
    deadline = time.monotonic() + _PATIENCE_S
    with httpx.Client(base_url=ingest, timeout=10) as http:
        before = _read(http)
        wanted = {name: before.get(name, 0) + 2 for name in polled}
        while not stopping():
            now, waiting = _read(http), _waiting(http)
            if all(now.get(name, 0) >= many for name, many in wanted.items()) and not any(
                waiting.get(name, 0) for name in fetched
            ):
                return
            if time.monotonic() > deadline:
                raise Misconfigured(f"not polled after {_PATIENCE_S:.0f} s; see ingest's log")
            time.sleep(_LOOK_S)


def _read(http: httpx.Client) -> dict[Name, float]:
    """Return how many polls of each source have read it to its end."""
    return _of(http, "kudos_polls_total", ended="read")


def _waiting(http: httpx.Client) -> dict[Name, float]:
    """Return how much each source has named that is not fetched yet."""
    return _of(http, "kudos_notices_waiting")


def _of(http: httpx.Client, name: str, **labels: str) -> dict[Name, float]:
    text = http.get("/metrics").raise_for_status().text
    samples = (one for family in text_string_to_metric_families(text) for one in family.samples)
    return {
        (one.labels["vendor"], one.labels["organisation"]): one.value
        for one in samples
        if one.name == name and labels.items() <= one.labels.items()
    }


def until_counted(query: str, token: str, moment: float, stopping: Callable[[], bool]) -> None:
    """Return when everything received before *moment* is in the figures, or when *stopping*."""
    deadline = time.monotonic() + _PATIENCE_S
    key = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=query, headers=key, timeout=10) as http:
        while not stopping():
            said = http.get("/v1/status").raise_for_status().json()["watermark"]
            if said and datetime.fromisoformat(said).timestamp() >= moment:
                return
            if time.monotonic() > deadline:
                raise Misconfigured(f"not counted after {_PATIENCE_S:.0f} s; see the logs")
            time.sleep(_LOOK_S)


def import_file(vendor: str, house: str, path: Path, data: Path) -> None:
    """Have ``kudos import`` read *path*, as an operator does; raise KudosError where it cannot."""
    command = [sys.executable, "-m", "kudos.cli", "import", vendor, house, str(path)]
    done = subprocess.run(
        [*command, "--data", str(data)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise KudosError(f"kudos import {vendor} {house}: {_last(done.stderr.splitlines())}")


def _last(lines: Iterable[str]) -> str:
    return next(reversed([line for line in lines if line.strip()]), "")
