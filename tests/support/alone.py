"""The broker of a system that is stopped, alone, for what may only be done while nobody reads."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from kudos.kafka import client_config
from kudos.local import kafka, secrets
from tests.support.waiting import until


def forget_offsets(data: Path, base: int) -> list[str]:
    """Let every group of the stopped system in *data* begin anew; return their names."""
    with _broker(data, base) as admin:
        groups: list[str] = []

        def told() -> bool:
            try:
                found = admin.list_consumer_groups(request_timeout=5).result()
            except KafkaException:
                return False
            groups[:] = [one.group_id for one in found.valid]
            return not found.errors

        until(told, "the broker does not tell of its groups", 60)
        left = set(groups)

        def gone() -> bool:
            asked = admin.delete_consumer_groups(sorted(left), request_timeout=5)
            left.difference_update(name for name, answer in asked.items() if _done(answer))
            return not left

        until(gone, "a group is still in use", 60)
    return sorted(groups)


def _done(answer: "Future[Any]") -> bool:
    try:
        answer.result()
    except KafkaException:
        return False
    return True


@contextmanager
def _broker(data: Path, base: int) -> Iterator[AdminClient]:
    passwords = secrets.make_missing(data / "secrets")
    command = kafka.prepare(data / "kafka", base + 6, base + 8, passwords, kafka.jars())
    with (data / "alone.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        config = client_config(f"127.0.0.1:{base + 6}", "admin", passwords["admin"])
        yield AdminClient(config)
    finally:
        process.terminate()
        process.wait(60)
