"""``kudos dead-letters``: what could not be taken; a person looks, mends, and sends it back."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import click
import msgspec

from kudos import avro, records
from kudos.cli.letters import Letter, Wanted, grouped, standing
from kudos.cli.pacing import Pace
from kudos.cli.progress import Progress
from kudos.cli.replaying import Replay
from kudos.cli.running import Running, data_option, running
from kudos.errors import KudosError, Misconfigured, Rejected
from kudos.kafka import KafkaSink
from kudos.reading import held
from kudos.register import OSLO, parse
from kudos.sealing import Opener, Sealer
from kudos.settings import Settings
from kudos.stream import DeadLetters, Limit, Sink
from kudos.topics import TOPICS
from services.ingest.sources import SOURCES
from services.ingest.vendors import adapters

_DEAD = tuple(name for name, topic in TOPICS.items() if topic.record is None)
#: So many are sent back at the most before they are noted as such: a kill repeats no more.
_CHUNK = 200
#: So many a second are sent back unless it is said otherwise: ordinary sales go on beside them.
_RATE = 200.0
_SHOWN = ("id", "topic", "stage", "reason", "detail", "organisation", "vendor")


class StayDead(KudosError):
    """Some of what was replayed failed again."""


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose among letters."""
    options = (
        click.option("--topic", help="Where it was on its way to."),
        click.option("--reason", help="unreadable, invalid_field, too_deep, unsealable."),
        click.option("--stage", help="The service that refused it."),
        click.option("--organisation", help="Whose it is."),
        click.option("--vendor", help="What it was sold through."),
        click.option("--since", type=_Moment(), help="Received then or later (Oslo's time)."),
        click.option("--until", type=_Moment(), help="Received before."),
        data_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


class _Moment(click.DateTime):
    """A time on the command line, as the clock in Oslo shows it."""

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """Return *value* as an aware time."""
        found: datetime = super().convert(value, param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=OSLO)


@click.group(name="dead-letters")
def command() -> None:
    """List, look into, and send back what could not be taken.

    They are kept for 30 days, sealed; what they hold is personal data.
    """


@command.command(name="list")
@filters
@click.option("--counts", is_flag=True, help="How many are alike, and not each of them.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(data: Path, counts: bool, as_json: bool, **wanted: Any) -> None:  # noqa: FBT001 (click's)
    """List the letters that stand open; what was replayed does not."""
    found = letters(running(data), Wanted(**wanted))
    if counts:
        _show_counts(found, as_json=as_json)
        return
    if as_json:
        click.echo(json.dumps([_row(one) for one in found], indent=1))
        return
    for one in found:
        click.echo("  ".join(str(value) for value in _row(one).values() if value is not None))
    for (stage, reason), many in Counter((x.stage, x.reason) for x in found).most_common():
        click.echo(f"{many:,} refused by {stage}: {reason}", err=True)


@command.command()
@click.argument("id_", metavar="ID")
@data_option
@click.option("--unsealed", is_flag=True, help="The original too: it may hold personal data.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(id_: str, data: Path, unsealed: bool, as_json: bool) -> None:  # noqa: FBT001 (click's)
    """Show one letter, by its ID in the list."""
    system = running(data)
    found = letters(system, Wanted(ids=frozenset({id_})))
    if not found:
        raise click.ClickException(f"no letter {id_} stands open")
    told: dict[str, Any] = _row(found[0])
    if unsealed:
        told["unit"] = found[0].unit
        told["original"] = readable(_opener(system).open(found[0].message.value or b""))
    if as_json:
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    for name, value in told.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(f"{name}: {text}")


@command.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@filters
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=_RATE,
    show_default=True,
    help="The most letters a second.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def replay(ids: tuple[str, ...], data: Path, rate: float, as_json: bool, **wanted: Any) -> None:  # noqa: FBT001 (click's)
    """Send back the letters that stand open, all or those chosen; exit 1 where some stay dead.

    What ingest could not read is read again, whatever a later stage refused goes to it once more;
    both as received when they were. A repeat counts once; what was broken off goes on where it
    was, for what was sent back stands open no more.
    """
    system = running(data)
    found = letters(system, Wanted(ids=frozenset(ids), **wanted))
    settings = system.settings("replay")
    sink = KafkaSink(settings.kafka_config(), linger_ms=20)
    progress = Progress(len(found), "letters sent back")
    kept = sent_back(found, _replay(system, settings), sink, Pace(rate), progress)
    if as_json:
        rows = [{**_row(one), "why": str(why)} for one, why in kept]
        click.echo(json.dumps({"replayed": len(found) - len(kept), "kept": rows}, indent=1))
    else:
        click.echo(f"{len(found) - len(kept):,} replayed")
    if kept:
        why = Counter(str(why) for _, why in kept).most_common(5)
        told = "; ".join(f"{many:,} {text}" for text, many in why)
        raise StayDead(f"{len(kept):,} stay dead: {told}")


def sent_back(
    letters: Iterable[Letter],
    replay: Replay,
    sink: Sink,
    pace: Pace | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> list[tuple[Letter, Rejected]]:
    """Send *letters* back at *pace* and note that; return those that stay, and why.

    They are noted when the broker has what came of them; broken off in between, it is repeated.
    *tell* is told how many have been.
    """
    pace = pace or Pace(float("inf"))
    kept: list[tuple[Letter, Rejected]] = []
    notes: list[Letter] = []

    def note() -> None:
        sink.flush()
        for one in notes:
            sink.send(one.replayed())
        sink.flush()
        notes.clear()

    for number, letter in enumerate(letters, 1):
        pace.wait()
        try:
            for message in replay.messages(letter):
                sink.send(message)
            notes.append(letter)
        except Rejected as rejected:
            kept.append((letter, rejected))
        # about once a second, where it is slow
        if len(notes) >= min(_CHUNK, pace.rate):
            note()
        tell(number)
    note()
    return kept


def _show_counts(found: Iterable[Letter], *, as_json: bool) -> None:
    groups = grouped(found)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(groups), indent=1))
        return
    for one in groups:
        names = (one.organisation, one.vendor, one.topic, one.stage, one.reason)
        times = (f"{at:%Y-%m-%d %H:%M}" for at in (one.first, one.last) if at is not None)
        click.echo(f"{one.many:>9,}  {'  '.join(n or '-' for n in names)}  {' to '.join(times)}")


def letters(system: Running, wanted: Wanted) -> list[Letter]:
    """Return the letters that stand open and are *wanted*, the oldest receipt first."""
    topics = [name for name in _DEAD if _is_wanted(name, wanted.topic)]
    if not topics:
        raise Misconfigured(f"--topic is one of {', '.join(TOPICS[t].name for t in _DEAD)}")
    config = system.settings("replay").kafka_config()
    # the newest last, as its like may be among them
    found = [one for one in standing(held(config, "replay", topics)) if one in wanted]
    first = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: one.received_at or first)


def readable(original: bytes) -> Any:
    """Return an original as it can be printed: a record of ours by its fields, else the text."""
    name = avro.record_of(original)
    if name is not None:
        shape: type[msgspec.Struct] = getattr(records, name.removeprefix("kudos."))
        return msgspec.to_builtins(avro.decode(original, shape))
    try:
        return original.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(original).decode()}


def _is_wanted(dead: str, topic: str | None) -> bool:
    return topic is None or topic in {dead, dead.removesuffix(".dead")}


def _row(letter: Letter) -> dict[str, str | None]:
    """Return what may be told of it: nothing of its content, and no number of the vendor's."""
    at = letter.received_at
    told: dict[str, str | None] = {name: getattr(letter, name) for name in _SHOWN}
    return {"received_at": None if at is None else at.isoformat(), **told}


def _opener(system: Running) -> Opener:
    settings = system.settings("replay")
    names = (f"seal.replay.{n}" for n in count(1))
    keys = [settings.secret(n) for n in takewhile(settings.optional_secret, names)]
    if not keys:
        raise Misconfigured("KUDOS_SECRETS: replay/seal.replay.1 is missing")
    return Opener(*reversed(keys))


def _replay(system: Running, settings: Settings) -> Replay:
    sealers = {
        name: Sealer(settings.secret(f"seal.{name}.public")) for name in ("identity", "replay")
    }
    dead = DeadLetters("ingest", sealers["replay"], lambda _reason: None, Limit(float("inf")))
    known = {**adapters(system.organisations), **SOURCES}
    register = parse(system.organisations.read_text("utf-8"))
    return Replay(_opener(system), register, known, sealers["identity"], dead)
