"""What the pages say in a language: ``texts/nb.toml`` and ``texts/en.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from services.query.dashboard.formats import Language, number


class Texts:
    """The texts of one language, by dotted key; an unknown key is a KeyError."""

    def __init__(self, language: Language, found: Mapping[str, str]) -> None:
        self.language = language
        self._found = found

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of *key*, its placeholders filled in."""
        return self._found[key].format(**values) if values else self._found[key]

    def count(self, key: str, n: float) -> str:
        """Return the text for *n* things: ``1 billett``, ``2 billetter``."""
        return self(f"{key}.{'one' if n == 1 else 'other'}", n=number(n, self.language))

    def either(self, key: str, otherwise: str) -> str:
        """Return the text of *key*, or *otherwise* where there is none."""
        return self._found.get(key, otherwise)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    @property
    def names(self) -> frozenset[str]:
        """Return every key."""
        return frozenset(self._found)


@cache
def texts(language: Language) -> Texts:
    """Read the texts of *language*."""
    folder = resources.files("services.query.dashboard.texts")
    found = tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))
    return Texts(language, dict(_flat("", found)))


def _flat(before: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield before + key, value
        else:
            yield from _flat(f"{before}{key}.", value)
