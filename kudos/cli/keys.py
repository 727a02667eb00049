"""``kudos keys``: versions of the pseudonym key.

A new version nests: a match key of version 2 is the keyed hash of version 1's, so that stored
claims are re-keyed without their identifiers. An older version is therefore never deleted while
the newest one needs it; retiring one says that no stored match key of it is read any more.
"""

import os
import re
import secrets
from pathlib import Path

import click

from kudos.cli.running import data_option
from kudos.local.secrets import write


@click.group(name="keys")
def command() -> None:
    """List, add or retire versions of the pseudonym key."""


@command.command(name="list")
@data_option
def list_(data: Path) -> None:
    """List the versions, the newest last."""
    versions = _versions(data)
    for version in versions:
        newest = "newest: new match keys are made with it" if version == versions[-1] else ""
        state = "retired" if _retired(data, version).is_file() else newest
        click.echo(f"{version}  {state}".rstrip())


@command.command()
@data_option
def new(data: Path) -> None:
    """Make the next version; identity uses it from its next start on."""
    version = max(_versions(data), default=0) + 1
    write(_folder(data) / f"pseudonym.{version}", secrets.token_hex(32))
    click.echo(f"version {version} is made; restart identity to use it")


@command.command()
@data_option
@click.argument("version", type=int)
def retire(data: Path, version: int) -> None:
    """Note that no stored match key of VERSION is read any more."""
    versions = _versions(data)
    if version not in versions:
        raise click.UsageError(f"there is no version {version}")
    if version == versions[-1]:
        raise click.UsageError("the newest version cannot be retired: make a new one first")
    write(_retired(data, version), "retired")
    click.echo(f"version {version} is retired; its file stays, for newer versions nest in it")


def _folder(data: Path) -> Path:
    return Path(os.environ.get("KUDOS_SECRETS") or data / "secrets") / "identity"


def _versions(data: Path) -> list[int]:
    names = (p.name for p in _folder(data).glob("pseudonym.*"))
    found = (re.fullmatch(r"pseudonym\.(\d+)", name) for name in names)
    return sorted(int(match[1]) for match in found if match)


def _retired(data: Path, version: int) -> Path:
    return _folder(data) / f"pseudonym.{version}.retired"
