"""``kudos organisations``: the register of organisations."""

import os
from pathlib import Path

import click

from kudos.errors import Misconfigured
from kudos.register import parse
from services.ingest.vendors import adapters


@click.group(name="organisations")
def command() -> None:
    """Look after the register of organisations."""


@command.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def check(file: Path | None) -> None:
    """Validate the register in FILE, else the one that KUDOS_ORGANISATIONS names."""
    path = file or Path(os.environ.get("KUDOS_ORGANISATIONS", ".kudos/organisations.toml"))
    try:
        register = parse(path.read_text("utf-8"), adapters(path).keys())
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: {error.__class__.__name__}") from None
    except Misconfigured as error:
        raise click.ClickException(str(error)) from None
    feeds, tokens = len(register.feeds), len(register.tokens)
    click.echo(f"{len(register.organisations)} organisations, {feeds} feeds, {tokens} tokens")
