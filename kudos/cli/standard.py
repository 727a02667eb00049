"""``kudos standard``: payloads of the open standard, before they are sent."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from msgspec import Struct, to_builtins

from kudos.errors import Misconfigured, Rejected
from kudos.register import Feed, Organisation
from services.ingest.adapters import homemade
from services.ingest.adapters.base import Origin, Sale
from services.ingest.sources import markethype_requests


class Problem(Struct, frozen=True):
    """What is wrong with one record; it names fields and never values."""

    record: int  # the first is 1; 0: the file as a whole
    line: int  # of the file, where the record begins; the first is 1
    reason: str
    where: str


@click.group(name="standard")
def command() -> None:
    """Look after what is sent by the open standard."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--currency", default="NOK", show_default=True, help="Where a record says none.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def check(context: click.Context, file: Path, currency: str, as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Validate FILE: one transaction, a list of them, or one on each line; it may be gzip.

    Of each record that is wrong it names the line on which it begins, the field, and the reason.
    Exit status 1 says that a record is wrong.
    """
    records, problems = examined(_content(file), currency)
    if as_json:
        click.echo(json.dumps({"records": records, "problems": to_builtins(problems)}, indent=1))
    else:
        for problem in problems:
            which = f"record {problem.record}" if problem.record else "file"
            click.echo(f"line {problem.line}: {which}: {problem.reason}: {problem.where}")
        click.echo(f"{records} records, {len(problems)} wrong")
    if problems:
        context.exit(1)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to",
    "request",
    type=click.Choice(["markethype-contacts", "markethype-orders"]),
    required=True,
    help="Whose import request is written.",
)
@click.option("--currency", default="NOK", show_default=True, help="Where a record says none.")
def convert(file: Path, request: str, currency: str) -> None:
    """Write FILE, as check takes it, to standard output as another system's import takes it.

    What is wrong in FILE, or cannot be said there, refuses the whole: exit status 1.
    """
    origin = _anybody(currency)
    found: list[Sale] = []
    for number, record in enumerate(homemade.ADAPTER.split(_content(file)), 1):
        try:
            parsed = [one for one in homemade.parse(record, origin) if isinstance(one, Sale)]
            _REQUESTS[request](parsed)
        except Rejected as error:
            raise click.ClickException(f"record {number}: {error}") from None
        found += parsed
    click.echo(_REQUESTS[request](found))


#: What writes each request.
_REQUESTS: Mapping[str, Callable[[Sequence[Sale]], bytes]] = {
    "markethype-contacts": markethype_requests.contacts,
    "markethype-orders": markethype_requests.orders,
}


def examined(body: bytes, currency: str) -> tuple[int, list[Problem]]:
    """Return how many records there are in *body*, and what is wrong with which."""
    try:
        records = homemade.ADAPTER.split(body)
    except Rejected as error:
        return 0, [Problem(0, 1, error.reason, error.detail)]
    return len(records), list(_problems(body, records, _anybody(currency)))


def _anybody(currency: str) -> Origin:
    """Return a house: whose feed it is changes what is counted, and not what is right."""
    house = Organisation("anybody", "", "annet", "03", "anybody", "0301", currency=currency)
    return Origin(house, Feed("homemade"))


def _problems(body: bytes, records: Sequence[bytes], origin: Origin) -> Iterator[Problem]:
    at, line = 0, 1
    for number, record in enumerate(records, 1):
        # records are pieces of the body, in its order
        begins = body.index(record, at)
        line, at = line + body.count(b"\n", at, begins), begins
        try:
            homemade.parse(record, origin)
        except Rejected as error:
            yield Problem(number, line, error.reason, error.detail)
        after = begins + len(record)
        line, at = line + body.count(b"\n", begins, after), after


def _content(file: Path) -> bytes:
    try:
        body = file.read_bytes()
        return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    except (OSError, EOFError, zlib.error) as error:
        raise Misconfigured(f"{file}: {type(error).__name__}") from None
