"""``kudos docs``: the documents that are made from what the code declares.

To add one, write a function that returns its text and name it in ``PAGES``; ``make docs`` writes
it, and a test holds the committed page to it.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from kudos.broker import PARTITIONS
from kudos.cli import matrix_page, source_pages, vendor_pages
from kudos.topics import GROUPS, TOPICS, Topic
from services.ingest.adapters import ADAPTERS

_RIGHTS = """\
The columns *written by* and *read by* name accounts. `kudos topics apply` grants each account
that, and takes away what is not declared. Besides, aggregate has Faust's own topics and groups,
whose names begin with its own, replay has groups that begin with its name, and aggregate and
operator may see how far everybody is (Describe) without reading anything."""


@click.command(name="docs")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Write the generated documents into FOLDER."""
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text(), "utf-8")
        click.echo(str(folder / name))


def topics() -> str:
    """Return the page of the topics: keys, retention, rights, and the broker's settings."""
    rows = [
        (
            f"`{t.name}`",
            t.holds,
            t.key,
            t.partitioned_by,
            _kept(t),
            "sealed" if t.personal else "",
            "" if t.record is None else f"`{t.record.__name__}`",
            ", ".join(t.writers),
            ", ".join(t.readers),
        )
        for t in TOPICS.values()
    ]
    head = ("topic", "holds", "key", "partitioned by", "kept", "personal data", "record")
    groups = [(f"`{group}`", account) for group, account in GROUPS.items()]
    settings = [(f"`{t.name}`", _settings(t)) for t in TOPICS.values()]
    return "\n".join(
        (
            "# Topics",
            "",
            "Made by `make docs` from `kudos/topics.py`; change it there.",
            "",
            _RIGHTS,
            "",
            f"New topics have {PARTITIONS} partitions unless it is told another number.",
            "A record is Avro by the schema of `schemas/avro` that is named as it.",
            "",
            _table((*head, "written by", "read by"), rows),
            "## Consumer groups",
            "",
            _table(("group", "account"), groups),
            "## The broker's settings",
            "",
            _table(("topic", "settings"), settings),
        )
    )


def labels() -> str:
    """Return how sure each vendor's payload is, for services that know no adapter."""
    found = {name: adapter.label for name, adapter in ADAPTERS.items()}
    found |= {name: source.label for name, source in source_pages.ALL.items()}
    return json.dumps(found, indent=1) + "\n"


#: Each generated page, by its file's name.
PAGES: dict[str, Callable[[], str]] = {
    "topics.md": topics,
    "../kudos/labels.json": labels,
    **vendor_pages.PAGES,
    **source_pages.PAGES,
    **matrix_page.PAGES,
}


def _kept(topic: Topic) -> str:
    kept = "for ever" if topic.kept is None else f"{topic.kept.days} days"
    return f"{kept}, compacted" if topic.compacted else kept


def _settings(topic: Topic) -> str:
    return " ".join(f"`{name}={value}`" for name, value in sorted(topic.config().items()))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
