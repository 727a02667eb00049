"""``kudos evaluate``: how well persons are told, on records of whom it is known who is who."""

import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click
import msgspec

from kudos import avro
from kudos.errors import Misconfigured
from kudos.records import Claims, Customer, Link, ReceivedProfile
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import Message
from kudos.topics import CLAIMS, LINKS, PROFILES
from services.identity import step
from services.identity.evaluation import Evaluation, Rules, evaluate
from services.identity.persons import Id
from services.identity.pseudonym import Keys
from services.identity.resolve import Resolver
from services.identity.state import Change, State

#: Nothing is kept, so the secrets may be anybody's.
_KEYS = Keys(b"evaluation of identity", (b"evaluation of identity",))
_FIELDS = tuple(f for f in Customer.__struct_fields__ if f != "consents")
_BATCH = 1000


@click.group(name="evaluate")
def command() -> None:
    """Measure KUDOS against what is known."""


@command.command()
@click.argument("records", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("truth", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def identity(records: Path, truth: Path, as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Resolve RECORDS and compare with TRUTH, the person of each record.

    RECORDS has the column record, and any of: organisation, number, given_name, family_name, email,
    phone, street, postal_code, country, birth_date, gender. TRUTH has record and person.
    """
    found = evaluated(records, truth)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return
    for name in ("records", "anonymous", "persons_true", "persons_found", "largest"):
        click.echo(f"{name:<26}{getattr(found, name):>12,}")
    for name in ("pairs_true", "pairs_found", "pairs_right"):
        click.echo(f"{name:<26}{getattr(found, name):>12,}")
    for name in ("precision", "recall", "f1"):
        share = getattr(found, name)
        click.echo(f"{name:<26}{'-' if share is None else f'{share:.5f}':>12}")
    click.echo(f"{'by rule':<26}{'pairs':>12}{'right':>12}")
    for rule, part in found.rules.items():
        click.echo(f"{rule:<26}{part.pairs:>12,}{part.right:>12,}")


def evaluated(records: Path, truth: Path) -> Evaluation:
    """Return how well the persons of *records* are told, by the real steps."""
    persons = {row["record"]: row.get("person") or "" for row in _rows(truth, "record", "person")}
    private, public = new_key_pair()
    opener, sealer = Opener(private), Sealer(public)
    resolver = Resolver(_KEYS, opener, sealer)
    refs: dict[str, Id | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder))
        claims = _claims(records, opener, sealer, refs)
        links: dict[Id, str] = {}
        while batch := list(islice(claims, _BATCH)):
            with state.change() as change:
                for message in resolver.step(change, batch):
                    if message.topic == LINKS.name:
                        link = avro.decode(message.value or b"", Link)
                        links[bytes.fromhex(link.customer_ref)] = link.person
        if missing := refs.keys() - persons.keys():
            raise Misconfigured(f"{truth} does not know {len(missing)} of the records")
        true: defaultdict[Id, list[str]] = defaultdict(list)
        for record, ref in refs.items():
            if ref is not None:
                true[ref].append(persons[record])
        rules = Rules(true)
        with state.change() as change:
            _explain(resolver, change, list(links), rules)
        state.close()
    # whom nothing tells is alone
    found = {r: (r, None) if ref is None else ("", links[ref]) for r, ref in refs.items()}
    return evaluate(found, persons, sum(v is None for v in refs.values()), rules.parts())


def _explain(resolver: Resolver, change: Change, refs: Sequence[Id], rules: Rules) -> None:
    graph = resolver.graph(change)
    for ref in refs:
        graph.touch(ref)
    graph.explain(rules.note)


def _claims(
    records: Path, opener: Opener, sealer: Sealer, refs: dict[str, Id | None]
) -> Iterator[Message]:
    """Yield what pseudonymise claims of each record, and note in *refs* whose it is."""
    pseudonymise = step.profiles(_KEYS, opener, sealer)
    now = datetime.now(UTC)
    for number, row in enumerate(_rows(records, "record"), 1):
        record = row["record"]
        if record in refs:
            raise Misconfigured(f"{records}: record {number} has the name of another")
        said = {f: row[f].strip() for f in _FIELDS if (row.get(f) or "").strip()}
        try:
            customer = msgspec.convert(said, Customer)
        except msgspec.ValidationError:
            raise Misconfigured(f"{records}: record {number}: gender") from None
        organisation = row.get("organisation") or "evaluation"
        sealed = sealer.seal(msgspec.json.encode(customer))
        received = ReceivedProfile("records", organisation, "records", now, now, sealed)
        refs[record] = None
        for message in pseudonymise(Message(PROFILES.name, b"", avro.encode(received))):
            if message.topic == CLAIMS.name:
                claims = avro.decode(message.value or b"", Claims)
                refs[record] = bytes.fromhex(claims.customer_ref)
                yield message


def _rows(path: Path, *needed: str) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(needed) - set(reader.fieldnames or ()):
                raise Misconfigured(f"{path} has no column {', '.join(sorted(missing))}")
            yield from reader
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"{path}: {type(error).__name__}") from None
