"""The ingest service polls what its register says, beside its pushes, and says how that goes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from kudos.topics import RECEIVED
from simulation.servers import api, ticketco
from tests.support.broker import Kafka
from tests.support.engine import free_port
from tests.support.polling import register
from tests.support.waiting import until

pytestmark = pytest.mark.kafka


def test_the_service_polls_and_a_source_that_fails_leaves_it_ready(
    kafka: Kafka, tmp_path: Path
) -> None:
    house, port = f"tjeneste-{os.getpid()}", free_port()
    with api.serving(ticketco.Server) as server:
        server.rows = [ticketco.row(number) for number in range(7)]
        every = '  every = "1s"\n'
        text = register("ticketco", server.address, house, every)
        # the other has no secret
        text += register("trekksoft", server.address, "syk", every)
        (tmp_path / "organisations.toml").write_text(text, "utf-8")
        secrets = kafka.folder / "secrets"
        (secrets / "ingest" / "ticketco.api").write_text(ticketco.SECRET, "utf-8")
        environment = dict(os.environ) | {
            "KUDOS_KAFKA": kafka.address,
            "KUDOS_CLICKHOUSE": "http://127.0.0.1:9/kudos",
            "KUDOS_ORGANISATIONS": str(tmp_path / "organisations.toml"),
            "KUDOS_SECRETS": str(secrets),
            "KUDOS_INGEST_STATE": str(tmp_path / "state"),
            "KUDOS_INGEST_PORT": str(port),
        }
        command = [sys.executable, "-m", "services.ingest"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            try:
                until(lambda: f"poll ticketco/{house}: read" in said(port, "healthz"), "no poll")
                until(lambda: "poll trekksoft/syk: misconfigured" in said(port, "healthz"), "well")
                server.rows.append(ticketco.row(7))
                until(lambda: len(sold(kafka, house)) == 8, "what is new is not polled")
                until(lambda: said(port, "readyz") == "ok\n", "not ready")
                metrics = said(port, "metrics")
            finally:
                process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=60)
        assert 0 == process.returncode, log
    assert [f"{house}/ticketco/5b1f8a52-{n:08d}" for n in range(8)] == sorted(sold(kafka, house))
    of = f'organisation="{house}",vendor="ticketco"'
    assert f"kudos_transactions_accepted_total{{{of}}} 8.0" in metrics
    assert f"kudos_poll_failing{{{of}}} 0.0" in metrics
    assert 'kudos_poll_failing{organisation="syk",vendor="trekksoft"} 1.0' in metrics
    assert ticketco.SECRET.encode() not in log
    assert b"ingest/trekksoft.api is missing" in log


def said(port: int, path: str) -> str:
    """Return what the service says at *path*, nothing while it is not there."""
    try:
        found = httpx.get(f"http://127.0.0.1:{port}/{path}", timeout=5)
    except httpx.TransportError:
        return ""
    return found.text


def sold(kafka: Kafka, house: str) -> list[str]:
    """Return the keys of what the broker has of *house*."""
    keys = [one.key.decode() for one in kafka.everything(RECEIVED.name) if one.key]
    return [key for key in keys if key.startswith(f"{house}/")]
