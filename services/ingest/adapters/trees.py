"""XML into trees: what is hostile is refused before it grows, and no error quotes what was sent."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Protocol, TypeVar

from lxml import etree

from kudos.errors import Reason, Rejected
from services.ingest.adapters import money, times
from services.ingest.adapters.reading import DEEPEST
from services.ingest.adapters.times import Moment

T = TypeVar("T")
#: An element; lxml publishes no types.
Element = Any


class Source(Protocol):
    """A file that is read bit by bit."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most *size* bytes, none at the end."""


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_HOSTILE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
#: The longest text of an element that is read.
_LONGEST = 1000
_SAFE = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
}
_NOT_XML = Rejected(Reason.UNREADABLE, "not XML")


def is_xml(body: bytes) -> bool:
    """Tell whether *body* begins as XML does."""
    return plain(body[:200]).lstrip().startswith(b"<")


def plain(body: bytes) -> bytes:
    """Return *body* without a byte order mark, UTF-16 as UTF-8: in what is left all signs show."""
    if body.startswith(_UTF16):
        text = body[: len(body) & ~1].decode("utf-16", "replace")
        return _DECLARED.sub("", text).encode()
    return body.removeprefix(b"\xef\xbb\xbf")


def tree(body: bytes) -> Element:
    """Return the root of *body*; reject what is no XML, has a document type, or is too deep."""
    text = plain(body).strip()
    _refuse_types(text)
    try:
        root = etree.fromstring(text, etree.XMLParser(**_SAFE))
    except (etree.LxmlError, ValueError):
        raise _broken(text) from None
    # an encoding that is declared may have hidden it
    if root.getroottree().docinfo.internalDTD is not None:
        raise Rejected(Reason.UNREADABLE, "a document type")
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise Rejected(Reason.TOO_DEEP, "$")
    return root


def ends(file: Source) -> Iterator[Element]:
    """Yield each element of a large document when it ends; whoever has read one may clear it."""
    depth = 0
    try:
        found = etree.iterparse(_Guarded(file), events=("start", "end"), **_SAFE)
        for event, element in found:
            depth += 1 if event == "start" else -1
            if depth > DEEPEST:
                raise Rejected(Reason.TOO_DEEP, "$")
            if event == "start" and depth == 1:
                if element.getroottree().docinfo.internalDTD is not None:
                    raise Rejected(Reason.UNREADABLE, "a document type")
            elif event == "end":
                yield element
    except (etree.LxmlError, ValueError):
        raise _NOT_XML from None


class _Guarded:
    """A file of which the beginning, where a document type would stand, is looked at first."""

    def __init__(self, file: Source) -> None:
        start = file.read(64 * 1024)
        if start.startswith(_UTF16):
            self._file: Source = BytesIO(plain(start + file.read()))
            start = self._file.read(64 * 1024)
        else:
            self._file, start = file, plain(start)
        _refuse_types(start)
        self._start = start.lstrip()

    def read(self, size: int = -1) -> bytes:
        start, self._start = self._start, b""
        return start or self._file.read(size)


def _refuse_types(text: bytes) -> None:
    if _HOSTILE.search(text):
        raise Rejected(Reason.UNREADABLE, "a document type")


def _broken(text: bytes) -> Rejected:
    """Return why *text* is no tree: the parser's own bound of depth comes before ours."""
    depth = deepest = 0
    for sign in re.finditer(rb"<(/)?[A-Za-z_][^<>]*?(/)?>", text):
        depth += -1 if sign[1] else 0 if sign[2] else 1
        deepest = max(deepest, depth)
        if deepest > DEEPEST:
            return Rejected(Reason.TOO_DEEP, "$")
    return _NOT_XML


def name(element: Element | None) -> str:
    """Return an element's name without its namespace; "" of none."""
    return "" if element is None else str(element.tag).rpartition("}")[2]


def children(element: Element | None, named: str) -> list[Element]:
    """Return the children of that name, in any namespace."""
    return [] if element is None else [child for child in element if name(child) == named]


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first child of that name, and so on down the *path*."""
    for named in path:
        element = next(iter(children(element, named)), None)
    return element


def text(element: Element | None, *path: str) -> str | None:
    """Return the text at *path*: None where it is not there, "" where it is empty."""
    found = child(element, *path)
    if found is None:
        return None
    said = (found.text or "").strip()
    if len(said) > _LONGEST:
        raise Rejected(Reason.INVALID_FIELD, f"{path[-1]}: longer than {_LONGEST} characters")
    return str(said)


def needed(element: Element | None, *path: str) -> str:
    """Return the text at *path*, or reject what has none."""
    said = text(element, *path)
    if not said:
        raise Rejected(Reason.INVALID_FIELD, f"{path[-1]}: missing")
    return said


def amount(element: Element | None, *path: str) -> money.Signed | None:
    """Return the amount at *path*, a point before its decimals; None where nothing stands."""
    return _read(money.signed, element, path)


def moment(day: str, clock: str | None, field: str) -> Moment:
    """Return a day and a clock that stand apart; without a zone they are Oslo's."""
    return times.joined(day, clock, field)


def _read(read: Callable[[Any], T], element: Element | None, path: tuple[str, ...]) -> T | None:
    said = text(element, *path)
    if not said:
        return None
    try:
        return read(said)
    except ValueError as error:
        wrong = str(error)
        raise Rejected(Reason.INVALID_FIELD, f"{path[-1]}: {wrong[0].lower()}{wrong[1:]}") from None
