"""The page of each vendor: what is known of it and how, from its adapter."""

import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec

from services.ingest.adapters import ADAPTERS, mappings
from services.ingest.adapters.base import About, Adapter
from services.ingest.adapters.mapping import FIELDS
from services.ingest.polling.vendors import POLLED
from services.ingest.soap.service import VENDOR
from services.ingest.thin import THIN

_ADAPTERS = "services.ingest.adapters"
LABELS = {
    "DOC": "read in the vendor's, or an authority's, own public documentation",
    "SEEN": "read in public code or test data, not in any documentation of the vendor",
    "ASSUMED": "nothing of it is public: a plausible form, which has to be checked with the vendor",
}
#: A line gives one of these.
_PRICES = {"unit_price", "amount"}
_WIDTH = 118


def page(vendor: str) -> str:
    """Return the page of *vendor*, whose adapter says what is known of it."""
    adapter = ADAPTERS[vendor]
    about = adapter.about
    return "\n".join(
        (
            f"# {about.name} (`{vendor}`)",
            "",
            f"Made by `make docs` from `{_source(vendor)}`; change it there.",
            "",
            f"**{adapter.label}**: {LABELS[adapter.label]}.",
            "",
            *_introduction(vendor),
            *_facts(vendor, adapter, about),
            "## What it delivers",
            "",
            *_delivered(about),
            "## How to configure it",
            "",
            *filled(sentence(about.configure)),
            "",
            "## What to verify with the vendor",
            "",
            *(line for one in about.verify for line in item(sentence(one))),
            "",
            *_silent(about),
        )
    )


#: Each page, by its file's name.
PAGES: dict[str, Callable[[], str]] = {
    f"vendors/{vendor}.md": partial(page, vendor) for vendor in ADAPTERS
}


def _facts(vendor: str, adapter: Adapter, about: About) -> Iterator[str]:
    rows = (
        ("Transaction", adapter.transaction_is),
        ("Transports", ", ".join(adapter.transports)),
        ("Money", about.money),
        ("Times", about.times),
        ("Refunds", about.refunds),
        ("Exchanges", about.exchanges),
        ("Versions", about.versions),
        ("Authentication", about.authentication),
        *_polling(vendor),
        *_thin(vendor),
        *_calls(vendor),
    )
    for name, text in rows:
        yield from item(f"**{name}.** {sentence(text)}")
    yield ""


def _polling(vendor: str) -> Iterator[tuple[str, str]]:
    """Yield what is asked of the vendor's API, where it is polled."""
    polling = POLLED.get(vendor)
    if polling is None:
        return
    streams = "; ".join(
        f"`{one.path}`{' and of each `' + one.each.path + '`' if one.each else ''}"
        f" ({one.label}){', by days' if one.since else ', whole each time'}"
        for one in polling.streams
    )
    base = "the house's `base_url`" if polling.base is None else f"`{polling.base}`"
    access = f"{polling.access.kind} ({polling.access.label})"
    text = (
        f'With `transport = "poll"`, every {_span(polling.every)}, below {base}: {streams}. What '
        f"is of the last {_span(polling.overlap)} is read again each time. Access: {access}, its "
        "secret in the file that `credentials` names. See [polling](../transports/polling.md)"
    )
    yield "Polling", text


def _thin(vendor: str) -> Iterator[tuple[str, str]]:
    """Yield how the vendor's notifications are followed up, where they only name a record."""
    thin = THIN.get(vendor)
    if thin is None:
        return
    shown = "" if thin.shown is None else ", who shows the secret in each of them"
    kept = "" if thin.subscribes is None else "; the subscriptions are made and renewed by ingest"
    text = (
        f"What a notification at `/v1/hooks/{vendor}/ORGANISATION` names is fetched below "
        "`base_url`, with the secret in the file that `credentials` names, as whom `client_id` "
        f"says ({thin.label}){shown}{kept}. See [thin push](../transports/thin-push.md)"
    )
    yield "Notifications", text


def _calls(vendor: str) -> Iterator[tuple[str, str]]:
    """Yield where the vendor calls a service of ours."""
    if vendor == VENDOR:
        text = f"At `/v1/soap/{vendor}/ORGANISATION` (DOC). See [SOAP](../transports/soap.md)"
        yield "Calls us", text


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 1440} days" if minutes >= 1440 else f"{minutes} minutes"


def _delivered(about: About) -> Iterator[str]:
    """Yield the fields of the open standard with how each is known, and those that are missing."""
    yield "| field of the open standard | |"
    yield "|---|---|"
    for name in FIELDS:
        if name in about.delivers:
            yield f"| `{name}` | {about.delivers[name]} |"
    yield ""
    priced = _PRICES if _PRICES & about.delivers.keys() else set()
    missing = [f"`{name}`" for name in FIELDS if name not in about.delivers.keys() | priced]
    yield from filled(f"Not delivered: {', '.join(missing) or 'nothing is missing'}.")
    yield ""


def _silent(about: About) -> Iterator[str]:
    if about.cannot_say:
        yield "## What it cannot say"
        yield ""
        for name, why in about.cannot_say.items():
            yield from item(sentence(f"{name.replace('_', ' ')}: {why}"))
        yield ""


def _source(vendor: str) -> str:
    if find_spec(f"{_ADAPTERS}.{vendor}") is not None:
        return f"services/ingest/adapters/{vendor}.py"
    return f"services/ingest/adapters/mappings/{vendor}.toml"


def _introduction(vendor: str) -> Iterator[str]:
    """Yield what the module, or the mapping, says of itself at its head."""
    if find_spec(f"{_ADAPTERS}.{vendor}") is not None:
        text = import_module(f"{_ADAPTERS}.{vendor}").__doc__ or ""
    else:
        lines = (files(mappings) / f"{vendor}.toml").read_text("utf-8").splitlines()
        head = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        text = "\n".join(line.removeprefix("#").strip() for line in lines[:head])
    for paragraph in text.replace("``", "`").split("\n\n"):
        yield from filled(paragraph)
        yield ""


def sentence(text: str) -> str:
    """Return *text* as one."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def filled(text: str) -> list[str]:
    """Return *text* as the lines of a paragraph."""
    return textwrap.wrap(" ".join(text.split()), _WIDTH, break_on_hyphens=False)


def item(text: str) -> list[str]:
    """Return *text* as the lines of one of a list."""
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent="* ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )
