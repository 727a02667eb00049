"""``kudos publish`` against the service as a process: it makes a cut, and gives it back."""

from pathlib import Path

import pytest

from kudos.cli.publish import publish
from kudos.cli.running import Running
from kudos.local import secrets
from tests.integration.query.test_service import running, two_free_ports
from tests.support.engine import running_engine
from tests.support.waiting import until

pytestmark = [pytest.mark.engine, pytest.mark.long]


def test_a_cut_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    secrets.make_missing(tmp_path / "secrets")
    (tmp_path / "secrets" / "query" / "clickhouse").unlink(missing_ok=True)
    clickhouse, port = two_free_ports()
    with (
        running_engine(tmp_path / "clickhouse", clickhouse),
        running(tmp_path, clickhouse, port) as service,
    ):
        until(lambda: service.status("/readyz") == 200, "the service is not ready")
        addresses = {
            "kafka": "127.0.0.1:1",
            "clickhouse": f"http://127.0.0.1:{clickhouse}/kudos",
            "query": service.address,
        }
        system = Running(addresses, tmp_path / "organisations.toml", tmp_path / "secrets")
        cut = publish(system, patience_s=60)
        assert (0, 0) == (cut["cells"], cut["published"])
        again = publish(system, patience_s=60)
        assert again["cut"] > cut["cut"]
        assert 2 == len(service.get("/v1/cuts").json()["cuts"])
