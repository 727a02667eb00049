"""What stands of deliveries in the end: by ingest, identity and aggregate, without a broker."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kudos import avro
from kudos.records import EnrichedTransaction, Place, PseudonymousTransaction
from kudos.sealing import Opener, Sealer, new_key_pair
from kudos.stream import DeadLetters, Message
from kudos.topics import PSEUDONYMOUS, RECEIVED
from services.aggregate.facts import Fact, History, Receipt, fact_of
from services.aggregate.store import standing_rows
from services.identity import step
from services.identity.pseudonym import Keys
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.receiving import Intake
from tests.support.origin import NOW, origin

PRIVATE, PUBLIC = new_key_pair()
SEALER = Sealer(PUBLIC)
KEYS, OPENER = Keys(b"i" * 32, (b"1" * 32,)), Opener(PRIVATE)
PSEUDONYMISE = step.transactions(KEYS, OPENER, SEALER)
#: Two receipts differ, and a refund that nobody dates is of the same second all the same.
TICK = timedelta(milliseconds=1)
_DAY_ZERO = date(1970, 1, 1)
#: What is no revenue when it is sold: kpis.
_NO_REVENUE = {"gift_card", "donation", "season_pass_use"}


def taken(vendor: str, record: bytes, at: datetime) -> list[Message]:
    """Return the sales in *record* as ingest writes them."""
    return received(ADAPTERS[vendor], origin(vendor), record, at)


def received(adapter: Adapter, whose: Origin, record: bytes, at: datetime) -> list[Message]:
    """Return the sales in *record* of the feed *whose* as ingest writes them."""
    dead = DeadLetters("ingest", SEALER, lambda *_: None)
    intake = Intake(adapter, whose, SEALER, dead, "receipt")
    return [message for message in intake.take(record, at) if message.topic == RECEIVED.name]


def facts(vendor: str, deliveries: Iterable[bytes]) -> list[Any]:
    """Return what stands when *deliveries* came in one after another, but for its revision."""
    return stood(
        message
        for place, record in enumerate(deliveries)
        for message in taken(vendor, record, NOW + place * TICK)
    )


def stood(messages: Iterable[Message]) -> list[Any]:
    """Return the rows with lines that stand after *messages*: day, head without revision, lines."""
    found: list[Fact] = []
    for message in messages:
        for told in PSEUDONYMISE(message):
            if told.topic == PSEUDONYMOUS.name:
                clean = avro.decode(told.value or b"", PseudonymousTransaction)
                found.append(fact_of(EnrichedTransaction(clean, "unknown", Place())))
    receipts: defaultdict[int, list[Receipt]] = defaultdict(list)
    for fact in found:
        receipts[fact.receipt.transaction_id].append(fact.receipt)
    histories = {id_: History(tuple(some)) for id_, some in receipts.items()}
    rows = standing_rows(found, histories)
    return sorted((r.day, r.head._replace(revision=0), r.lines) for r in rows if r.lines)


def counted(rows: Sequence[Any]) -> str:
    """Return what *rows* count as.

    Orders, pieces sold and given back by item, net revenue and fees by currency, and the days.
    """
    pieces: Counter[tuple[str, str]] = Counter()
    net: Counter[str] = Counter()
    fees: Counter[str] = Counter()
    for _, head, lines in rows:
        for line in lines:
            sign = 1 if line.kind == "sale" else -1
            pieces[line.item, line.kind] += line.quantity
            fees[head.currency] += sign * line.fee
            net[head.currency] += (
                0 if line.item in _NO_REVENUE else sign * (line.amount - line.discount)
            )
    orders = {head.order_id for _, head, lines in rows if any(x.kind == "sale" for x in lines)}
    told = [
        f"{pieces[item, 'sale']}-{pieces[item, 'refund']} {item}"
        for item in sorted({item for item, _ in pieces})
    ]
    money = [f"{net[c]} + {fees[c]} {c}" for c in sorted(net)]
    days = " ".join(sorted({str(_DAY_ZERO + timedelta(day)) for day, _, _ in rows}))
    return "; ".join((f"orders {len(orders)}", ", ".join(told), *money, days)) if rows else ""


def moments(rows: Sequence[Any]) -> str:
    """Return when the lines of *rows* were sold, and for when."""
    found = {
        _moment(x.at, x.timed) + (f" for {_moment(x.starts_at, True)}" if x.starts_at else "")
        for _, _, lines in rows
        for x in lines
    }
    return "; ".join(sorted(found))


def _moment(seconds: int, timed: bool) -> str:  # noqa: FBT001 (a column)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%MZ}" + ("" if timed else " (a day)")


def channels(rows: Sequence[Any]) -> str:
    """Return through what *rows* were sold, and whether the customer is known."""
    found = {f"{h.channel}, {'a customer' if h.customer_ref else 'nobody'}" for _, h, _ in rows}
    return "; ".join(sorted(found))
