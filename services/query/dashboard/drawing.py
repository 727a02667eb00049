"""Draws specifications to SVG, here on the server: no chart code runs in a browser."""

import re
import threading
from functools import lru_cache
from typing import Any

import msgspec
import vl_convert
from markupsafe import Markup

from services.query.dashboard.bars import Bar, bars
from services.query.dashboard.formats import MINUS, SPACE, Language
from services.query.dashboard.lines import spark
from services.query.dashboard.style import Size, Spec

#: As the rest of the page writes numbers.
_LOCALES: dict[str, dict[str, Any]] = {
    "nb": {
        "decimal": ",",
        "thousands": SPACE,
        "grouping": [3],
        "currency": [f"kr{SPACE}", ""],
        "percent": f"{SPACE}%",
        "minus": MINUS,
    },
    "en": {
        "decimal": ".",
        "thousands": ",",
        "grouping": [3],
        "currency": [f"NOK{SPACE}", ""],
        "percent": "%",
        "minus": MINUS,
    },
}
#: What says nothing, or what a screen reader gets from the sentence above the chart.
_NOISE = re.compile(
    r' (?:xmlns:xlink|version|class|role|aria-[a-z]+|pointer-events)="[^"]*"'
    r'| opacity="1"| font-family="[^"]*"'
)
_drawing = threading.Lock()


def draw(spec: Spec, language: Language) -> Markup:
    """Return *spec* as SVG that scales with its box; the same again costs nothing."""
    return _drawn(msgspec.json.encode(spec).decode(), language)


def warm() -> None:
    """Draw once, so that the first visitor does not wait for the library to start."""
    draw(spark([(0, 1), (1, 2)], [], "2", Size(200, 60)), "nb")
    draw(bars([Bar("", 1, "1")], Size(200, 60)), "nb")


@lru_cache(maxsize=512)
def _drawn(spec: str, language: Language) -> Markup:
    with _drawing:
        svg = vl_convert.vegalite_to_svg(
            spec, allowed_base_urls=[], format_locale=_LOCALES[language]
        )
    plain = _NOISE.sub("", svg)
    # our own specification, drawn by the library, which escapes texts
    return Markup(plain.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))  # noqa: S704
