"""An import that is killed again and again goes on where it was, and each record counts once."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from kudos import avro
from kudos.records import ReceivedTransaction
from kudos.topics import RECEIVED
from tests.support.broker import Kafka
from tests.support.waiting import until

pytestmark = [pytest.mark.kafka, pytest.mark.long]
ORDERS, KILLS = 60_000, 10


def sale(number: int) -> str:
    """Return a sale of the open standard."""
    line = {"line": "1", "quantity": 1, "unit_price": f"{100 + number % 50}.00"}
    told = {"transaction": f"I-{number}", "version": 1, "sold_at": "2026-05-17", "lines": [line]}
    return json.dumps(told | {"customer": {"number": str(number % 999)}})


def test_each_record_counts_once_whenever_an_import_is_killed(kafka: Kafka, tmp_path: Path) -> None:
    house = f"fil-{os.getpid()}"
    register = (
        f'[[organisation]]\nid = "{house}"\nname = "Hus"\nindustry = "annet"\ncounty = "03"\n'
        f'city = "0301"\nowner = "{house}"\n  [[organisation.vendor]]\n  id = "homemade"\n'
    )
    (tmp_path / "organisations.toml").write_text(register, "utf-8")
    path = tmp_path / "salg.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(sale, range(ORDERS))).encode("utf-16"), 1))
    environment = dict(os.environ) | {
        "KUDOS_KAFKA": kafka.address,
        "KUDOS_CLICKHOUSE": "http://127.0.0.1:9/kudos",
        "KUDOS_ORGANISATIONS": str(tmp_path / "organisations.toml"),
        "KUDOS_SECRETS": str(kafka.folder / "secrets"),
    }
    command = [sys.executable, "-m", "kudos.cli", "import", "homemade", house, str(path)]

    def begun() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*command, "--json", "--data", str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done() -> int:
        found = list((tmp_path / "imports").glob("*.json"))
        return int(json.loads(found[0].read_text("utf-8"))["done"]) if found else 0

    chance, deaths = random.Random(7), 0
    while deaths < KILLS and done() < ORDERS - 15_000:
        before, process = done(), begun()
        goal = before + chance.choice((0, 5_000))
        until(lambda: done() > goal or process.poll() is not None, "nothing is noted", 60, 0.001)  # noqa: B023 (called within this turn)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deaths += 1
    assert deaths >= 5
    process = begun()
    told, said = process.communicate(timeout=120)
    assert 0 == process.returncode, said
    [file] = json.loads(told)["files"]
    assert (ORDERS, 0, False) == (file["accepted"], file["dead"], file["repeat"])
    assert 0 < file["went_on_at"] < ORDERS
    found: dict[str, set[bytes]] = {}
    for one in kafka.everything(RECEIVED.name):
        if one.key is not None and one.key.startswith(f"{house}/".encode()):
            # sealed anew each time; all else of it, when it was received too, is the same
            sold = replace(avro.decode(one.value or b"", ReceivedTransaction), customer=None)
            found.setdefault(one.key.decode(), set()).add(msgspec.json.encode(sold))
    assert {f"{house}/homemade/I-{number}" for number in range(ORDERS)} == found.keys()
    assert {1} == {len(versions) for versions in found.values()}
