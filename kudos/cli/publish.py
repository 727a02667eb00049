"""``kudos publish``: a cut now, made by the query service."""

import json
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx

from kudos.cli.running import Running, data_option, running
from kudos.errors import KudosError, Misconfigured

#: A cut of many organisations and years takes minutes.
PATIENCE_S = 1800.0
_LOOK_S = 0.5


class NotPublished(KudosError):
    """The query service could not be asked, or made no cut in time."""


@click.command(name="publish")
@data_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(data: Path, as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Compute a cut now: all protected figures, checked and kept."""
    cut = publish(running(data))
    if as_json:
        click.echo(json.dumps(cut))
    else:
        click.echo(
            f"{cut['published']:,} of {cut['cells']:,} cells published, as of {cut['as_of']}"
        )


def publish(system: Running, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """Ask for a cut, and return it when it is whole."""
    secret = system.settings("operator").secret("publish")
    address = os.environ.get("KUDOS_QUERY") or system.addresses.get("query")
    if address is None:
        raise Misconfigured("KUDOS_QUERY: the address of the query service is missing")
    deadline = time.monotonic() + patience_s
    headers = {"Authorization": f"Bearer {secret}"}
    try:
        with httpx.Client(base_url=address, headers=headers, timeout=30) as query:
            asked = query.post("/v1/cuts").raise_for_status().json()["asked_at"]
            while time.monotonic() < deadline:
                found = query.get("/v1/cuts").raise_for_status().json()["cuts"]
                if found and found[0]["cut"] >= datetime.fromisoformat(asked).timestamp() * 1e6:
                    newest: dict[str, Any] = found[0]
                    return newest
                time.sleep(_LOOK_S)  # between two looks
    except httpx.HTTPError as error:
        raise NotPublished(f"the query service did not answer: {type(error).__name__}") from None
    raise NotPublished("the query service made no cut in time; its log says why")
