"""A running system, as the commands find it: by ``--data DIR``, or by the environment."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from kudos.errors import Misconfigured
from kudos.local.system import from_data
from kudos.settings import Settings


class Running(Struct, frozen=True):
    """Where a running system answers, and where its register and secrets are."""

    addresses: dict[str, str]
    organisations: Path
    secrets: Path

    def environment(self) -> dict[str, str]:
        """Return what a service of that system would be told."""
        return {
            "KUDOS_KAFKA": self.addresses["kafka"],
            "KUDOS_CLICKHOUSE": self.addresses["clickhouse"],
            "KUDOS_ORGANISATIONS": str(self.organisations),
            "KUDOS_SECRETS": str(self.secrets),
        }

    def settings(self, account: str) -> Settings:
        """Return the settings by which *account* reaches the system."""

        class AccountSettings(Settings):
            """Of one account."""

        AccountSettings.account = account
        return AccountSettings(
            kafka=self.addresses["kafka"],
            clickhouse=self.addresses["clickhouse"],
            secrets=self.secrets,
        )


def running(data: Path) -> Running:
    """Return the system whose directory is *data*; what the environment names wins."""
    known = os.environ
    addresses = dict(from_data(data)) if (data / "addresses.json").is_file() else {}
    for name in ("kafka", "clickhouse"):
        if value := known.get(f"KUDOS_{name.upper()}"):
            addresses[name] = value
    if not {"kafka", "clickhouse"} <= addresses.keys():
        raise Misconfigured(f"{data} holds no running system: start one with kudos local")
    return Running(
        addresses,
        Path(known.get("KUDOS_ORGANISATIONS") or data / "organisations.toml"),
        Path(known.get("KUDOS_SECRETS") or data / "secrets"),
    )


#: The option that every command has which talks to a running system.
data_option: Callable[[Any], Any] = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kudos"),
    show_default=True,
    help="The directory of the running system.",
)
