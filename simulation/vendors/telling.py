"""What vendors' ways of telling have in common: what has no field is left out, and what changes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid5
from zlib import crc32

from msgspec import Struct, structs

from kudos.records import Channel
from kudos.register import OSLO
from simulation.orders import Document, Fate, Line, Order
from simulation.programme import Performance
from simulation.vendors import homemade

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IDS = UUID("6f1a3f0e-52a4-4c0e-9a0b-51b7c1d0a9e2")
_NO_PERFORMANCE = Performance(None, "", "", "", None)
#: What a line has beside what every vendor tells, and what it is where there is no field for it.
_FIELDS = {
    "discount_minor": 0,
    "fee_minor": 0,
    "vat_rate": None,
    "ticket_type": None,
    "price_category": None,
}


class Says(Struct, frozen=True):
    """What a vendor's payload has fields for, by the names of Line and Performance."""

    line: frozenset[str]
    performance: frozenset[str]

    def of(self, line: Line) -> Line:
        """Return what is told of *line*."""
        untold = {name: none for name, none in _FIELDS.items() if name not in self.line}
        return structs.replace(line, performance=self.event(line.performance), **untold)

    def event(self, performance: Performance | None) -> Performance | None:
        """Return what is told of *performance*; None: nothing."""
        if performance is None or not self.performance:
            return None
        said = {name: getattr(performance, name) for name in self.performance}
        return structs.replace(_NO_PERFORMANCE, **said)


def says(line: str, performance: str) -> Says:
    """Return what has fields, of the names in two texts; money's are without their unit."""
    names = {"discount": "discount_minor", "fee": "fee_minor"}
    return Says(
        frozenset(names.get(name, name) for name in line.split()), frozenset(performance.split())
    )


def document(
    order: Order,
    transaction: str,
    lines: Sequence[Line],
    *,
    channel: Channel,
    day: bool = False,
    version: int | None = None,
) -> Document:
    """Return what tells of *order* first; of a *day* the hour is not told."""
    return Document(
        house=order.house.id,
        vendor=order.vendor,
        transaction=transaction,
        order=transaction,
        version=version,
        sold_at=midnight(order.sold_at) if day else order.sold_at,
        sold_is_date=day,
        channel=channel,
        currency=order.currency,
        account=order.account,
        lines=tuple(lines),
        due=order.sold_at,
        style=order.number,
    )


class Changes(Struct, frozen=True):
    """How a vendor that tells a purchase whole tells what becomes of it.

    *names* are the vendor's own numbers of the order's lines; *name* makes a further one.
    """

    says: Says
    names: Mapping[str, str]
    name: Callable[[int, Line], str]

    def told(self, purchase: Document, fates: Sequence[Fate]) -> Iterator[Document]:
        """Yield *purchase*, and again as it is after each of its *fates* that can be told.

        Lines are revoked whole, and nobody says when; a corrected one is as if it had been so.
        """
        yield purchase
        for fate in fates:
            pieces = {self.names[line]: count for line, count in fate.pieces.items()}
            told = structs.replace(fate, pieces=pieces)
            changed = self._correct(purchase, told)
            if fate.what != "correct":
                changed = self._revoke(purchase, told)
            if changed is not None:
                purchase = structs.replace(changed, due=fate.at)
                yield purchase

    def _revoke(self, purchase: Document, fate: Fate) -> Document | None:
        gone = revoked(purchase)
        back = [
            line
            for line in purchase.lines
            if line.kind == "sale" and line.line in fate.pieces and line.line not in gone
        ]
        added = [structs.replace(x, kind="refund", undated=True, fee_minor=0) for x in back]
        if back and fate.what == "exchange":
            new = structs.replace(back[0], performance=self.says.event(fate.performance))
            count = sum(line.kind == "sale" for line in purchase.lines)
            added.append(structs.replace(new, line=self.name(count + 1, new), fee_minor=0))
        return structs.replace(purchase, lines=purchase.lines + tuple(added)) if added else None

    def _correct(self, purchase: Document, fate: Fate) -> Document | None:
        gone = revoked(purchase)
        if fate.how == "claim" and purchase.account is None and fate.account is not None:
            return structs.replace(purchase, account=fate.account)
        if fate.how not in {"retype", "drop"} or gone or not fate.pieces:
            return None
        (name,) = fate.pieces
        lines: list[Line] = [line for line in purchase.lines if line.line != name]
        if fate.how == "retype":
            lines = [cheaper(x) if x.line == name else x for x in purchase.lines]
        return structs.replace(purchase, lines=tuple(map(self.says.of, lines))) if lines else None


def cheaper(line: Line) -> Line:
    """Return *line* at another price: about half of it, in whole kroner a piece."""
    amount = line.amount_minor // line.quantity // 200 * 100 * line.quantity
    return structs.replace(line, ticket_type="Kampanje", amount_minor=amount, discount_minor=0)


def corrected(told: Document, fate: Fate) -> Document | None:
    """Return *told* after a correction; None: nothing would be left of it.

    A till knows an article by its name, so that it has another price and keeps the name.
    """
    if fate.how == "retype":
        lines = [_repriced(line) if line.line in fate.pieces else line for line in told.lines]
        return structs.replace(told, lines=tuple(lines))
    changed = homemade.corrected(told, fate)
    return changed if changed is not None and changed.lines else None


def _repriced(line: Line) -> Line:
    return structs.replace(cheaper(line), ticket_type=line.ticket_type)


def revoked(purchase: Document) -> set[str]:
    """Return the numbers of the lines that were taken back."""
    return {line.line for line in purchase.lines if line.kind == "refund"}


def sold(purchase: Document) -> list[Line]:
    """Return the lines that were sold, whether or not they were taken back."""
    return [line for line in purchase.lines if line.kind == "sale"]


def back(line: Line, count: int) -> Line:
    """Return the return of *count* of *line*, in whole minor units and without its fee."""
    return structs.replace(
        line,
        kind="refund",
        quantity=count,
        amount_minor=line.amount_minor * count // line.quantity,
        discount_minor=line.discount_minor * count // line.quantity,
        fee_minor=0,
    )


def kroner(minor: int) -> float:
    """Return an amount as a JSON number; what is finer than a øre is nothing here."""
    return minor / 100


def written(minor: int, sign: str = ".") -> str:
    """Return an amount as text with two decimals."""
    return f"{'-' * (minor < 0)}{abs(minor) // 100}{sign}{abs(minor) % 100:02d}"


def midnight(at: datetime) -> datetime:
    """Return when the day of *at* begins in Oslo."""
    return datetime.combine(at.astimezone(OSLO).date(), time(0), OSLO).astimezone(UTC)


def by_the_clock(at: datetime) -> datetime:
    """Return *at* as whoever reads a local time without a zone has it: the first of two hours."""
    return at.astimezone(OSLO).replace(fold=0).astimezone(UTC)


def local(at: datetime | None, form: str = "%Y-%m-%dT%H:%M:%S") -> str | None:
    """Return a local time without a zone."""
    return None if at is None else at.astimezone(OSLO).strftime(form)


def offset(at: datetime | None) -> str | None:
    """Return a local time with its offset."""
    return None if at is None else at.astimezone(OSLO).isoformat()


def since_1970(at: datetime) -> int:
    """Return microseconds since 1970: the version of what says when it was changed."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def changed_at(version: int) -> str:
    """Return when that was."""
    at = _EPOCH + timedelta(microseconds=version)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def guid(*names: object) -> str:
    """Return a number as some systems make them, of what it is the number of."""
    return str(uuid5(_IDS, "/".join(map(str, names))))


def article(name: str | None) -> int:
    """Return the number of an article, or a kind of ticket, of that name."""
    return crc32((name or "").encode())
