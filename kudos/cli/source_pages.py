"""The page of each source of profiles: what is known of it and how, from its adapter.

NPU Monitor's too, which speaks of nobody in particular and has none.
"""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from msgspec import Struct

from kudos.cli import surveys
from kudos.cli.vendor_pages import LABELS, filled, item, sentence
from services.ingest.adapters.base import About, Label, Transport
from services.ingest.sources import SOURCES


class Source(Struct, frozen=True):
    """What is told of a source, and the module that tells it."""

    label: Label
    transports: tuple[Transport, ...]
    record: str
    about: About
    module: str


#: Every source, by its id in the register.
ALL: Mapping[str, Source] = {
    **{
        name: Source(
            adapter.label,
            adapter.transports,
            adapter.transaction_is,
            adapter.about,
            f"services.ingest.sources.{name}",
        )
        for name, adapter in SOURCES.items()
    },
    "npumonitor": Source(
        surveys.LABEL, ("import",), surveys.RECORD, surveys.ABOUT, surveys.__name__
    ),
}

_FACTS = {
    "Times": "times",
    "Money": "money",
    "Refunds": "refunds",
    "Versions": "versions",
    "Authentication": "authentication",
}
_NOTHING = "None."


def page(source: str) -> str:
    """Return the page of *source*, whose module says what is known of it."""
    known = ALL[source]
    about, introduction = known.about, import_module(known.module).__doc__ or ""
    facts = [("Record", known.record), ("Transports", ", ".join(known.transports))]
    facts += [(name, getattr(about, field)) for name, field in _FACTS.items()]
    told = (f"**{name}.** {sentence(said)}" for name, said in facts if said != _NOTHING)
    delivers = [f"| `{name}` | {label} |" for name, label in about.delivers.items()]
    return "\n".join(
        (
            f"# {about.name} (`{source}`)",
            "",
            f"Made by `make docs` from `{known.module.replace('.', '/')}.py`; change it there.",
            "",
            f"**{known.label}**: {LABELS[known.label]}.",
            "",
            *(line for part in introduction.split("\n\n") for line in (*_paragraph(part), "")),
            *(line for fact in told for line in item(fact)),
            "",
            *_head(source),
            "|---|---|",
            *delivers,
            "",
            "## How to configure it",
            "",
            *filled(sentence(about.configure)),
            "",
            "## What to verify with the vendor",
            "",
            *(line for one in about.verify for line in item(sentence(one))),
            "",
        )
    )


#: Each page, by its file's name.
PAGES: dict[str, Callable[[], str]] = {
    f"sources/{source}.md": partial(page, source) for source in ALL
}


def _head(source: str) -> tuple[str, ...]:
    if source not in SOURCES:
        return "## What it delivers", "", "| column | |"
    title = "## By what a customer is known, and what is said of it"
    return title, "", "| field of the open standard | |"


def _paragraph(text: str) -> list[str]:
    return filled(text.replace("``", "`"))
