"""``kudos vendors``: the systems that sales come from."""

import json
import os
from pathlib import Path
from typing import Any

import click

from kudos.errors import Misconfigured
from kudos.register import VENDORS, Register, parse
from services.ingest.adapters import ADAPTERS


@click.group(name="vendors")
def command() -> None:
    """Show the ticketing, booking and till systems."""


@command.command(name="list")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".kudos"),
    show_default=True,
    help="The directory whose register says who uses what.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(data: Path, as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """List every vendor: what is known of its payload, its transports, and who uses it.

    DOC is documented by the vendor, SEEN is read in public code, ASSUMED is neither; a vendor
    without a label has no adapter yet.
    """
    rows = described(_register(data))
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        label = row["label"] or "-"
        users = ", ".join(row["organisations"])
        click.echo(f"{row['id']:<17}{label:<9}{' '.join(row['transports']):<18}{users}".rstrip())


def described(register: Register | None) -> list[dict[str, Any]]:
    """Return what is known of every vendor; without a *register* nobody uses any."""
    feeds = () if register is None else register.feeds
    return [
        {
            "id": vendor,
            "label": None if adapter is None else adapter.label,
            "transports": [] if adapter is None else list(adapter.transports),
            "transaction": None if adapter is None else adapter.transaction_is,
            "organisations": sorted(user for used, user in feeds if used == vendor),
        }
        for vendor in VENDORS
        for adapter in [ADAPTERS.get(vendor)]
    ]


def _register(data: Path) -> Register | None:
    named = os.environ.get("KUDOS_ORGANISATIONS")
    path = Path(named) if named else data / "organisations.toml"
    if not named and not path.is_file():
        return None
    try:
        return parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {type(error).__name__}") from None
