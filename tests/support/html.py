"""What must hold of every page, read from its HTML."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
#: Attributes that name an address.
_ADDRESSES = {"href", "src", "action", "data-live", "poster", "srcset", "xlink:href", "formaction"}


class Page(HTMLParser):
    """A page as it was read; ``wrong`` says what must not be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self._open: list[str] = []
        self._seen: list[str] = []
        self.feed(text)
        self.close()
        if self._open:
            self.wrong.append(f"never closed: {self._open}")
        if len(self.ids) != len(set(self.ids)):
            self.wrong.append("an id stands twice")
        if self.headings.count("h1") != 1:
            self.wrong.append(f"{self.headings.count('h1')} first headings")

    @property
    def text(self) -> str:
        """Return what is read on the page."""
        return re.sub(r"[ \n]+", " ", "".join(self._seen))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        if tag not in _VOID:
            self._open.append(tag)
        self._note(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that is closed at once."""
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> closes what is not open at line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        """Note text, but for what is not read."""
        if self._open and self._open[-1] in {"script", "style"}:
            self.wrong.append(f"something stands inline in <{self._open[-1]}>")
        self._seen.append(data)

    def _note(self, tag: str, attributes: dict[str, str | None]) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        for name, value in attributes.items():
            if name == "id":
                self.ids.append(value or "")
            if name == "style" or name.startswith("on"):
                self.wrong.append(f"{name} stands inline in <{tag}>")
            if name in _ADDRESSES and value:
                self._address(tag, name, value)
        if tag == "input" and attributes.get("type") not in {"hidden", "checkbox"}:
            labelled = "id" in attributes or "label" in self._open or "hidden" in attributes
            if not labelled:
                self.wrong.append("an input has no label")

    def _address(self, tag: str, name: str, value: str) -> None:
        parts = urlsplit(value)
        if parts.netloc not in {"", "testserver"} or parts.scheme not in {"", "http"}:
            self.wrong.append(f"<{tag} {name}> leads elsewhere: {value}")
        elif tag == "a":
            self.links.append(value)
