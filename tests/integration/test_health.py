"""Who may ask how a service is that speaks no HTTP otherwise."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from kudos import health, metrics
from kudos.errors import Misconfigured


class Ready:
    """Whether the service is ready, and where it answers."""

    def __init__(self, port: int) -> None:
        self.now, self.port = False, port

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""


@pytest.fixture
def ready() -> Iterator[Ready]:
    found = Ready(0)
    server = health.serve(0, lambda: found.now)
    found.port = server.server_port
    yield found
    server.shutdown()
    server.server_close()


def test_readiness_is_what_the_service_says(ready: Ready) -> None:
    assert (200, 503) == (ready.get("/healthz")[0], ready.get("/readyz")[0])
    ready.now = True
    assert 200 == ready.get("/readyz")[0]
    assert 404 == ready.get("/other")[0]


def test_metrics_are_those_of_the_process(ready: Ready) -> None:
    metrics.DEAD_LETTERS.labels("tests.health", "unreadable").inc()
    assert (
        'kudos_dead_letters_total{reason="unreadable",service="tests.health"} 1.0'
        in ready.get("/metrics")[1]
    )


def test_a_connection_that_says_nothing_keeps_nobody_waiting(ready: Ready) -> None:
    with socket.create_connection(("127.0.0.1", ready.port)):
        assert 200 == ready.get("/healthz")[0]


def test_a_port_that_is_taken_is_named(ready: Ready) -> None:
    with pytest.raises(Misconfigured, match=f"^port {ready.port} is taken: "):
        health.serve(ready.port, lambda: True)
