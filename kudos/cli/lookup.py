"""``kudos lookup``: ask a register who an organisation's customers are; the answers are stored.

Nothing goes further by this: ``kudos import dnb`` takes the answers in, where they are wanted.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
import httpx

from kudos.cli.progress import Progress
from kudos.cli.running import Running, data_option, running
from kudos.errors import Misconfigured, Rejected
from kudos.records import Customer
from kudos.register import Feed, parse
from services.ingest.lookup import BASE, BATCH, LOGIN, Account, Register
from services.ingest.sources.asking import asked_of, customers, is_askable, stored

_TIMEOUT_S = 30.0
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(name="lookup")
@click.argument("source", type=click.Choice(["dnb"]))
@click.argument("organisation")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--out", type=_FILE, required=True, help="Where the answers go: personal data.")
@data_option
def command(source: str, organisation: str, file: Path, out: Path, data: Path) -> None:
    """Ask SOURCE who the customers in FILE are, for ORGANISATION.

    FILE has them as kudos evaluate identity reads them, delimited or as JSON lines. Who cannot be
    told apart by name and birth date, or name, postal code and phone, is not asked of, nor who said
    no to statistics. What was broken off goes on. `kudos import SOURCE ORGANISATION OUT` takes the
    answers in.
    """
    system = running(data)
    feed = _feed(system, source, organisation)
    try:
        known = customers(file.read_bytes())
    except Rejected as rejected:
        raise Misconfigured(f"{file.name}: {rejected.detail}") from None
    asked = [one for one in known if is_askable(one)]
    click.echo(f"purpose: {feed.own['purpose']}", err=True)
    with httpx.Client(timeout=_TIMEOUT_S) as http:
        many = look_up(Register(http, account(feed, system.secrets / "ingest")), asked, out)
    click.echo(
        f"{many:,} asked of, {len(asked) - many:,} before, {len(known) - len(asked):,} not to be"
    )


def look_up(register: Register, asked: Sequence[Customer], out: Path) -> int:
    """Write an answer for each of *asked* behind those that *out* has; return how many were new."""
    begun = _begun(out, asked)
    rest, progress = iter(asked[begun:]), Progress(len(asked), "customers")
    done = begun
    with open(out, "ab", opener=_private) as file:
        while batch := list(islice(rest, BATCH)):
            found = stored(batch, register.match(batch), datetime.now(UTC))
            file.write(b"".join(line + b"\n" for line in found))
            file.flush()
            done += len(batch)
            progress(done)
    return done - begun


def account(feed: Feed, secrets: Path) -> Account:
    """Return as whom the register is asked, or raise Misconfigured."""
    client, name = feed.own.get("client"), feed.own.get("credentials")
    if not isinstance(client, str) or not isinstance(name, str) or Path(name).name != name:
        raise Misconfigured(f"{feed.id}: client, and credentials, a file in KUDOS_SECRETS/ingest")
    try:
        secret = (secrets / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"KUDOS_SECRETS: ingest/{name} is missing") from None
    base, login = feed.own.get("base_url", BASE), feed.own.get("token_url", LOGIN)
    return Account(client, secret, str(base).rstrip("/"), str(login))


def _feed(system: Running, source: str, organisation: str) -> Feed:
    feed = parse(system.organisations.read_text("utf-8")).feeds.get((source, organisation))
    if feed is None:
        raise Misconfigured(f"the register has no {source} of {organisation}")
    if not isinstance(feed.own.get("purpose"), str):
        raise Misconfigured(
            f"{source}: purpose: for what, and by which right, persons are asked of"
        )
    return feed


def _begun(out: Path, asked: Sequence[Customer]) -> int:
    """Return how many of *asked* have an answer in *out*; half a line of it is taken away."""
    if not out.is_file():
        return 0
    with out.open("rb+") as file:
        whole = [line for line in file if line.endswith(b"\n")]
        file.truncate(sum(map(len, whole)))
    if whole and (len(whole) > len(asked) or asked_of(whole[-1]) != asked[len(whole) - 1]):
        raise Misconfigured(f"{out.name} has the answers of another file")
    return len(whole)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
