"""Language and theme: from the address, else remembered, else what the browser asks for."""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from services.query.dashboard.formats import LANGUAGES, Language

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
LANGUAGE_COOKIE, THEME_COOKIE, FIGURES_COOKIE = "kudos_language", "kudos_theme", "kudos_figures"
#: Other names under which browsers ask for Norwegian.
_NORWEGIAN = {"no", "nb", "nn"}


class Preferences(Struct, frozen=True):
    """How one person wants the pages."""

    language: Language
    theme: Theme


def read(
    query: Mapping[str, str], cookies: Mapping[str, str], accept_language: str | None
) -> Preferences:
    """Return the preferences of a request; Norwegian unless something else is asked for."""
    language = (
        _language(query.get("lang"))
        or _language(cookies.get(LANGUAGE_COOKIE))
        or _accepted(accept_language or "")
    )
    theme = _theme(query.get("theme")) or _theme(cookies.get(THEME_COOKIE)) or "auto"
    return Preferences(language, theme)


def _language(given: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == given), None)


def _theme(given: str | None) -> Theme | None:
    return next((theme for theme in THEMES if theme == given), None)


def _accepted(header: str) -> Language:
    """Return the language of *header* that is wanted most and that there is."""
    wanted: list[tuple[float, Language]] = []
    for part in header.split(","):
        name, _, rest = part.strip().partition(";")
        primary = name.lower().split("-")[0]
        quality = _quality(rest)
        if quality > 0 and primary in _NORWEGIAN:
            wanted.append((quality, "nb"))
        elif quality > 0 and primary == "en":
            wanted.append((quality, "en"))
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else "nb"


def _quality(rest: str) -> float:
    _, _, number = rest.partition("q=")
    try:
        return float(number) if number else 1.0
    except ValueError:
        return 0.0
