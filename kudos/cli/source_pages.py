"""The page of each source of profiles: what is known of it and how, from its adapter."""

from collections.abc import Callable
from functools import partial
from importlib import import_module

from kudos.cli.vendor_pages import LABELS, filled, item, sentence
from services.ingest.sources import SOURCES

_FACTS = {
    "Times": "times",
    "Money": "money",
    "Refunds": "refunds",
    "Versions": "versions",
    "Authentication": "authentication",
}
_NOTHING = "None."


def page(source: str) -> str:
    """Return the page of *source*, whose adapter says what is known of it."""
    adapter = SOURCES[source]
    about = adapter.about
    introduction = import_module(f"services.ingest.sources.{source}").__doc__ or ""
    facts = [("Record", adapter.transaction_is), ("Transports", ", ".join(adapter.transports))]
    facts += [(name, getattr(about, field)) for name, field in _FACTS.items()]
    told = (f"**{name}.** {sentence(said)}" for name, said in facts if said != _NOTHING)
    delivers = [f"| `{name}` | {label} |" for name, label in about.delivers.items()]
    return "\n".join(
        (
            f"# {about.name} (`{source}`)",
            "",
            f"Made by `make docs` from `services/ingest/sources/{source}.py`; change it there.",
            "",
            f"**{adapter.label}**: {LABELS[adapter.label]}.",
            "",
            *(line for part in introduction.split("\n\n") for line in (*_paragraph(part), "")),
            *(line for fact in told for line in item(fact)),
            "",
            "## By what a customer is known, and what is said of it",
            "",
            "| field of the open standard | |",
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
    f"sources/{source}.md": partial(page, source) for source in SOURCES
}


def _paragraph(text: str) -> list[str]:
    return filled(text.replace("``", "`"))
