"""A request's or file's whole body into native records: one, a list, a page, or lines."""

import re
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Raw

from kudos.errors import Reason, Rejected

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_list = msgspec.json.Decoder(list[Raw]).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
#: The beginning of a list that has a name.
_LIST = re.compile(rb'"(\w{1,40})"\s*:\s*\[')
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def splitter(*pages: str) -> Callable[[bytes], Sequence[bytes]]:
    """Return what splits a body; *pages* are the names, in any case, of a page's list of records.

    A record that cannot be read loses only itself, whatever is wrong with it, as long as it can be
    told where it ends.
    """
    names = frozenset(name.lower() for name in pages)

    def split(body: bytes) -> Sequence[bytes]:
        text = body.removeprefix(_BOM).strip(_BLANK)
        if text.startswith(b"["):
            return _items(text)
        if not text:
            return ()
        lines = [line for raw in text.splitlines() if (line := raw.strip(_BLANK))]
        if len(lines) > 1 and _is_lines(text):
            return lines
        if not text.startswith(b"{"):
            raise Rejected(Reason.UNREADABLE, "neither a record, nor a list, nor lines of records")
        page = _page(text, names) if names else None
        return (text,) if page is None else page

    return split


def _page(text: bytes, names: frozenset[str]) -> Sequence[bytes] | None:
    """Return the records of a page; None: *text* is no page."""
    try:
        fields = _object(text)
    except _BROKEN:
        found = [m for m in _LIST.finditer(text) if m[1].decode().lower() in names]
        return _torn(text[found[0].end() - 1 :], whole=False) if found else None
    lists = [bytes(raw) for name, raw in fields.items() if name.lower() in names]
    return _items(lists[0]) if len(lists) == 1 and lists[0].startswith(b"[") else None


def _is_lines(text: bytes) -> bool:
    """Tell whether records stand on lines: one of them that is not indented is a whole object."""
    return any(
        line.startswith(b"{") and line.endswith(b"}") and _is_whole(line)
        for line in (raw.rstrip(_BLANK) for raw in text.splitlines())
    )


def _is_whole(line: bytes) -> bool:
    try:
        _object(line)
    except _BROKEN:
        return False
    return True


def _items(text: bytes) -> Sequence[bytes]:
    try:
        return [bytes(raw) for raw in _list(text)]
    except _BROKEN:
        return _torn(text, whole=True)


def _torn(text: bytes, *, whole: bool) -> Sequence[bytes]:
    """Return the items of a list of which one is no JSON or too deep, by its brackets alone.

    Unless it is the *whole* text, something may follow it.
    """
    depth, begin, items = 0, 1, []
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and sign == b","):
            items.append(text[begin : token.start()].strip(_BLANK))
            begin = token.end()
        if depth == 0:
            break
    if depth or (whole and text[begin:]):
        raise Rejected(Reason.UNREADABLE, "a list that does not end")
    return items
