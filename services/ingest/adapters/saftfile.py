"""A SAF-T Cash Register file: each receipt of it, with what of the rest it needs."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from io import BytesIO
from typing import BinaryIO

from lxml import etree
from msgspec import Struct

from kudos.errors import Reason, Rejected
from services.ingest.adapters import trees
from services.ingest.adapters.trees import Element, child, children, text

_NAMESPACE = "urn:StandardAuditFile-Taxation-CashRegister:NO"
#: The code lists of article groups and of types of receipts.
GROUPS, TYPES = "04", "11"
_BLANKS = re.compile(r"\s+")


def split(body: bytes) -> Sequence[bytes]:
    """Return each receipt of a file, with what of the rest it needs, as a file of its own."""
    return tuple(stream(BytesIO(body))) if body.strip() else ()


def stream(file: BinaryIO) -> Iterator[bytes]:
    """Yield what ``split`` returns, of a file of any size."""
    whole = _Whole()
    known = False
    for element in trees.ends(file):
        found = trees.name(element)
        known = known or found == "header"
        if found == "cashtransaction":
            yield whole.receipt(element)
        else:
            whole.keep(found, element)
        if found in _MANY | _KEPT.keys():
            _forget(element)
    if not known:
        raise Rejected(Reason.UNREADABLE, "no SAF-T Cash Register file")


#: What is kept of a file while its receipts are read, by the number that they name it by.
_MANY = {"cashtransaction", "event"}
_KEPT = {"article": "artID", "customerSupplier": "custSupID", "basic": "basicID"}


def _forget(element: Element) -> None:
    """Let go of what was read: a file may be larger than memory."""
    element.clear()
    while (before := element.getprevious()) is not None and trees.name(before) in _MANY:
        element.getparent().remove(before)


class _Whole:
    """What of a file is needed to read a receipt of it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str | None, str | None], Element] = {}
        self._header: dict[str, str | None] = {}
        self._location: str | None = None

    def keep(self, found: str, element: Element) -> None:
        """Note *element*, whose name is *found*, where it is needed."""
        if found in _KEPT:
            key = (found, text(element, "basicType"), text(element, _KEPT[found]))
            self._kept[key] = deepcopy(element)
        elif found == "header":
            names = ("curCode", "dateCreated", "timeCreated")
            self._header = {name: text(element, name) for name in names}
        elif found == "name" and trees.name(element.getparent()) == "location":
            self._location = element.text

    def receipt(self, sent: Element) -> bytes:
        """Return the receipt *sent* as a file."""
        root = etree.Element(f"{{{_NAMESPACE}}}auditfile", nsmap={None: _NAMESPACE})
        _put(_put(root, "header"), **self._header)
        company = _put(root, "company")
        self._refer(_put(company, "customersSuppliers"), "customerSupplier", sent, "custSupID")
        lines = children(sent, "ctLine")
        articles, basics = _put(company, "articles"), _put(company, "basics")
        self._refer(articles, "article", *(y for line in lines for y in (line, "artID")))
        self._refer(
            basics, "basic", *(y for line in lines for y in (line, "artGroupID")), kind=GROUPS
        )
        self._refer(basics, "basic", sent, "transType", kind=TYPES)
        location = _put(company, "location")
        _put(location, name=self._location)
        till = _put(location, "cashregister")
        _put(till, registerID=text(sent.getparent(), "registerID"))
        till.append(deepcopy(sent))
        return bytes(etree.tostring(root, encoding="utf-8"))

    def _refer(self, to: Element, found: str, *named: object, kind: str | None = None) -> None:
        """Copy what elements and the names of their children refer to, each once."""
        numbers = {text(at, str(by)): None for at, by in zip(named[::2], named[1::2], strict=True)}
        for number in numbers:
            kept = self._kept.get((found, kind, number))
            if kept is not None:
                to.append(deepcopy(kept))


def _put(to: Element, named: str | None = None, **texts: str | None) -> Element:
    if named is not None:
        return etree.SubElement(to, f"{{{_NAMESPACE}}}{named}")
    for name, said in texts.items():
        if said is not None:
            etree.SubElement(to, f"{{{_NAMESPACE}}}{name}").text = said
    return to


class Receipt(Struct, frozen=True):
    """A file of one receipt, as ``split`` makes it."""

    root: Element
    till: Element
    sent: Element

    @property
    def number(self) -> str:
        """Return the receipt's number, which is the till's own."""
        till = _BLANKS.sub("_", trees.needed(self.till, "registerID"))
        return f"{till}-{_BLANKS.sub('_', trees.needed(self.sent, 'transID'))}"

    def article(self, line: Element) -> tuple[str | None, str | None]:
        """Return number and name of a line's article."""
        number = text(line, "artID") or None
        known = children(child(self.root, "company", "articles"), "article")
        names = (text(one, "artDesc") for one in known if text(one, "artID") == number)
        return number, next(names, None) or text(line, "cashTransLineDescr") or number

    def meant(self, kind: str, code: str | None) -> str | None:
        """Return what the code list of *kind* calls the till's own *code*; None: it is not said."""
        if code is None:
            return None
        for one in children(child(self.root, "company", "basics"), "basic"):
            if (text(one, "basicType"), text(one, "basicID")) == (kind, code):
                return text(one, "predefinedBasicID") or None
        return code if len(code) == 5 and code.startswith(kind) else None


def receipt_in(record: bytes) -> Receipt:
    """Return the receipt of a file of one, or reject what is none."""
    root = trees.tree(record)
    till = child(root, "company", "location", "cashregister")
    sent = child(till, "cashtransaction")
    if sent is None:
        raise Rejected(Reason.INVALID_FIELD, "cashtransaction: missing")
    return Receipt(root, till, sent)
