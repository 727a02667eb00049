"""``kudos vendors``: the systems that sales come from."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kudos.cli.source_pages import ALL
from kudos.errors import Misconfigured
from kudos.register import Register, parse
from services.ingest.adapters.base import Adapter
from services.ingest.vendors import adapters


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
    """List every vendor and source of profiles: its label, its transports, and who uses it.

    DOC is documented by the vendor, SEEN is read in public code, ASSUMED is neither.
    """
    path = _path(data)
    rows = described(adapters(path), _register(path))
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        users, ways = ", ".join(row["organisations"]), " ".join(row["transports"])
        click.echo(f"{row['id']:<17}{row['label']:<9}{ways:<18}{users}".rstrip())


def described(known: Mapping[str, Adapter], register: Register | None) -> list[dict[str, Any]]:
    """Return what is *known* of every vendor, and of every source of profiles.

    Without a *register* nobody uses any.
    """
    feeds = () if register is None else register.feeds
    facts = [(name, one.label, one.transports, one.transaction_is) for name, one in known.items()]
    facts += [(name, one.label, one.transports, one.record) for name, one in ALL.items()]
    return [
        {
            "id": vendor,
            "label": label,
            "transports": list(transports),
            "transaction": record,
            "organisations": sorted(user for used, user in feeds if used == vendor),
        }
        for vendor, label, transports, record in facts
    ]


def _path(data: Path) -> Path:
    named = os.environ.get("KUDOS_ORGANISATIONS")
    return Path(named) if named else data / "organisations.toml"


def _register(path: Path) -> Register | None:
    if not os.environ.get("KUDOS_ORGANISATIONS") and not path.is_file():
        return None
    try:
        return parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {type(error).__name__}") from None
