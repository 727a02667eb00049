"""One answer of a vendor's API: the records in it, where the next one is, what a record names."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from kudos.errors import Rejected
from services.ingest.adapters.base import Adapter
from services.ingest.polling.asking import Each, NextLink, Numbered, Offset, Paging, Stream
from services.ingest.polling.client import Failed

_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_list = msgspec.json.Decoder(list[Raw]).decode
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def records(body: bytes, lists: Sequence[str], adapter: Adapter) -> Sequence[bytes]:
    """Return the native records in *body*, a page of one of *lists*, or raise Failed.

    A page that has another form is no empty one: the vendor has changed it, and nothing is read
    until that is understood.
    """
    if not body.strip():
        raise Failed("an answer without a word")
    _check(body, lists)
    try:
        return adapter.split(body)
    except Rejected:
        raise Failed("an answer that is no page of records") from None


def listed(body: bytes, lists: Sequence[str]) -> Sequence[bytes]:
    """Return the records of a list that no adapter reads, or raise Failed."""
    _check(body, lists)
    try:
        if body.lstrip().startswith(b"["):
            return [bytes(one) for one in _list(body)]
        found = _named(_fields(body), lists)
        return [bytes(one) for one in _list(found)]
    except _BROKEN:
        raise Failed("an answer that is no page of records") from None


def _check(body: bytes, lists: Sequence[str]) -> None:
    """Raise Failed where *body* is no page of *lists*; a splitter tells its records."""
    if not lists or body.lstrip().startswith(b"["):
        return
    try:
        fields = _fields(body)
    except _BROKEN:
        # one record may be torn, and the others be whole
        named = "|".join(map(re.escape, lists)).encode()
        if re.search(rb'"(?:%s)"\s*:\s*\[' % named, body, re.IGNORECASE) is None:
            raise Failed("an answer that is no page of records") from None
        return
    if not _named(fields, lists).startswith(b"["):
        raise Failed(f"a page without {' or '.join(lists)}")


def _named(fields: Mapping[str, Raw], lists: Sequence[str]) -> bytes:
    """Return the list of that name, which may be wrapped once in ``data``."""
    known = {name.lower(): bytes(value) for name, value in fields.items()}
    found = next((known[name] for name in lists if name in known), b"")
    if found.startswith(b"{"):
        return _named(_fields(found), lists)
    if not found and known.get("data", b"").startswith(b"{"):
        return _named(_fields(known["data"]), lists)
    return found


def asked(stream: Stream, page: str) -> Mapping[str, str]:
    """Return by which parameters *page* is asked for; the first is ""."""
    match stream.paging:
        case NextLink(params=params):
            return params
        case Numbered(name=name, first=first, size=size):
            return {name: page or str(first)} | ({} if size is None else {size[0]: str(size[1])})
        case Offset(name=name, size=size):
            return {name: page or "0", size[0]: str(size[1])}


def following(paging: Paging, page: str, many: int, body: bytes) -> str | None:
    """Return the page after *page*, which has *many* records; None: it is the last."""
    match paging:
        case NextLink(field=field):
            return _link(body, field)
        case Numbered(first=first):
            return str(int(page or first) + 1) if many else None
        case Offset():
            return str(int(page or 0) + many) if many else None


def _link(body: bytes, field: str) -> str | None:
    try:
        found = {name.lower(): value for name, value in _fields(body).items()}
        if field.lower() not in found:
            raise Failed(f"a page without {field}")
        return msgspec.json.decode(found[field.lower()], type=str | None) or None
    except _BROKEN:
        raise Failed(f"a page whose {field} is none") from None


def said(record: bytes, *names: str) -> Mapping[str, str]:
    """Return what *record* says of *names*, numbers as they stand; nothing where it is torn."""
    try:
        fields = _fields(record)
    except _BROKEN:
        return {}
    return {name: _text(fields[name]) for name in names if _text(fields.get(name, Raw(b"null")))}


def _text(raw: Raw) -> str:
    text = bytes(raw)
    if text.startswith(b'"'):
        return str(msgspec.json.decode(text))
    return "" if text == b"null" or text[:1] in b"[{" else text.decode()


def completed(record: bytes, parent: bytes, each: Each) -> bytes:
    """Return *record* with what *each* adds to it of *parent*, where it does not say it itself."""
    if not each.adds:
        return record
    try:
        fields, more = _fields(record), _fields(parent)
    except _BROKEN:
        return record
    return msgspec.json.encode({n: more[n] for n in each.adds if n in more} | fields)
