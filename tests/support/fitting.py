"""What was read of a record fits everything that it is stored as."""

from collections import Counter
from functools import lru_cache

from kudos import avro
from kudos.errors import Rejected
from kudos.records import ReceivedTransaction, Transaction
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.base import Sale
from tests.support.origin import NOW, origin


def fits(transaction: Transaction) -> bool:
    """Tell whether *transaction* fits what it is stored as."""
    # DateTime of ClickHouse: seconds in 32 bits
    times = [line.at for line in transaction.lines] + [transaction.sold_at]
    times += [line.performance.starts_at for line in transaction.lines if line.performance]
    return (
        all(0 <= at.timestamp() < 1 << 32 for at in times if at is not None)
        and all(0 <= line.quantity < 1 << 32 for line in transaction.lines)
        and all(0 <= line.vat_rate < 65535 for line in transaction.lines if line.vat_rate)
        and all(
            0 <= line.discount_minor <= line.amount_minor < 1 << 62 for line in transaction.lines
        )
        and all(0 <= line.fee_minor < 1 << 63 for line in transaction.lines)
        and 0 <= (transaction.version or 0) < 1 << 63
        and 3 == len(transaction.currency)
        and len(transaction.lines) == len({(line.line, line.kind) for line in transaction.lines})
    )


def received(transaction: Transaction) -> ReceivedTransaction:
    """Return *transaction* as it comes in, without a customer."""
    return ReceivedTransaction("vendor", "hus", NOW, transaction, None)


def is_accepted(vendor: str, record: bytes) -> bool:
    """Tell whether *record* is accepted; then it must fit."""
    number = ADAPTERS[vendor].number(record)
    try:
        parsed = ADAPTERS[vendor].parse(record, origin(vendor))
    except Rejected:
        return False
    for one in parsed:
        if isinstance(one, Sale):
            assert fits(one.transaction)
            message = received(one.transaction)
            assert message == avro.decode(avro.encode(message), ReceivedTransaction)
            assert one.transaction.transaction == number
    return True


def assert_same_signs(vendor: str, before: bytes, after: bytes) -> bool:
    """Assert that each line that is in both records is a sale, or a refund, in both.

    Unless as many of each are there as before: then a line has got another's number. Tell whether
    *after* is accepted: what is rejected has no lines.
    """
    old = _signs(vendor, before)
    try:
        new = _signs(vendor, after)
    except Rejected:
        return False
    both = old.keys() & new.keys()
    turned = [line for line in both if old[line] != new[line]]
    assert not turned or _many(old) == _many(new)
    return True


def _many(signs: dict[tuple[str, str], set[str]]) -> Counter[str]:
    return Counter(kind for kinds in signs.values() for kind in kinds)


@lru_cache(maxsize=8)
def _signs(vendor: str, record: bytes) -> dict[tuple[str, str], set[str]]:
    """Return of each transaction's line whether it is a sale, a refund, or sold and given back."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in ADAPTERS[vendor].parse(record, origin(vendor)):
        if isinstance(one, Sale):
            for line in one.transaction.lines:
                found.setdefault((one.transaction.transaction, line.line), set()).add(line.kind)
    return found
