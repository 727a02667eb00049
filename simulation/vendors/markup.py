"""XML as tills and old services write it."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: What stands in an element: text, others by their names, or the same name several times.
Content = Any


def element(name: str, content: Content, /, **attributes: str) -> str:
    """Return an element; None is left out, and a list is the element as often as it is long."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(element(name, one) for one in content)
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    inner = within(content) if isinstance(content, Mapping) else escape(str(content))
    return f"<{name}{said}>{inner}</{name}>"


def within(content: Mapping[str, Content]) -> str:
    """Return elements one after the other."""
    return "".join(element(name, one) for name, one in content.items())
