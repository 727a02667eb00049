"""What a vendor's native record becomes: messages for the broker, and how many of which."""

import hashlib
import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from kudos import avro
from kudos.errors import Reason, Rejected
from kudos.identifiers import unit_name
from kudos.records import Customer, ReceivedProfile, ReceivedTransaction, Stated
from kudos.register import PROFILE_SOURCES
from kudos.sealing import Sealer
from kudos.stream import DeadLetters, Headers, Message
from kudos.topics import LARGEST, PROFILES, RECEIVED
from services.ingest.adapters.base import Adapter, Ignored, Origin, Parsed, Person, Sale

log = logging.getLogger(__name__)

#: The most bytes of a value: what a message holds beside it fits under the broker's limit too.
_LARGEST_VALUE = LARGEST - 64 * 1024
_LONGEST_NUMBER = 500
#: What cannot be read may hold anything where its number should stand, a person's name too.
_LIKE_A_NUMBER = re.compile(r"\S*\d\S*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Counts(Struct):
    """What became of records: *accepted* holds the *dead*; the *ignored* are no sale.

    Of a source of profiles, profiles are accepted; of a vendor they are no sale.
    """

    accepted: int = 0
    dead: int = 0
    ignored: int = 0


class Intake:
    """Takes the records of one feed that came in together; *receipt* names the delivery.

    It parses, seals and stamps, and reaches nothing. Of who said no to statistics nothing is made
    but the sale. *read_as* is the vendor whose adapter it is,
    where that is not the feed's own: of rows that a mapping made the open standard of.
    """

    def __init__(
        self,
        adapter: Adapter,
        origin: Origin,
        sealer: Sealer,
        dead: DeadLetters,
        receipt: str,
        *,
        read_as: str | None = None,
    ) -> None:
        self.counts = Counts()
        self._adapter, self._origin = adapter, origin
        self._organisation, self._vendor = origin.organisation.id, origin.feed.id
        self._sealer, self._dead, self.receipt = sealer, dead, receipt
        self._read_as: Headers = () if read_as is None else (("read_as", read_as.encode()),)
        self._profiles = 0
        self._of_profiles = origin.feed.id in PROFILE_SOURCES
        self._last: dict[str, datetime] = {}

    def split(self, body: bytes) -> Sequence[bytes]:
        """Return the native records in *body*, none where it is blank, or raise Rejected."""
        try:
            return self._adapter.split(body) if body.strip() else ()
        except Exception as error:  # noqa: BLE001 (a record is kept whatever the adapter does)
            raise self._refusal(error) from None

    def take(self, record: bytes, at: datetime) -> list[Message]:
        """Return what *record*, received *at*, becomes; a dead letter where it is refused.

        Raise TooManyRejections past the limit of its dead letters.
        """
        try:
            found = self.messages(record, at)
        except Rejected as rejected:
            return [self.letter(record, at, rejected)]
        self._dead.limit.note(rejected=False)
        return found

    def messages(self, record: bytes, at: datetime, replays: Headers = ()) -> list[Message]:
        """Return what *record* becomes, or raise Rejected for the whole of it.

        *replays* names the dead letter that a replay read it from, for the ledger.
        """
        try:
            parsed: Parsed = self._adapter.parse(record, self._origin)
        except Exception as error:  # noqa: BLE001 (a record is kept whatever the adapter does)
            raise self._refusal(error) from None
        kept = [one for one in parsed if not isinstance(one, Ignored) and not _said_no(one)]
        found = [
            self._sale(one, at, replays) if isinstance(one, Sale) else self._profile(one, at)
            for one in kept
        ]
        counted = sum(self._of_profiles or isinstance(one, Sale) for one in kept)
        self.counts.accepted += counted
        self.counts.ignored += len(parsed) - counted
        return found

    def letter(self, record: bytes, at: datetime, rejected: Rejected) -> Message:
        """Return the dead letter of *record*."""
        self.counts.accepted += 1
        self.counts.dead += 1
        headers = self._headers(at) + self._read_as
        topic = PROFILES.name if self._of_profiles else RECEIVED.name
        original = Message(topic, self.unit(record).encode(), record, headers)
        return self._dead.letter(original, rejected)

    def unit(self, record: bytes) -> str:
        """Return what the ledger counts *record* as where it cannot be read.

        The transaction, where its number can be told all the same: so a later delivery that can be
        read takes its place.
        """
        try:
            number = self._adapter.number(record)
        except Exception as error:  # noqa: BLE001 (a record is kept whatever the adapter does)
            number, _ = None, self._refusal(error)
        if number is None or not (_is_number(number) and _LIKE_A_NUMBER.fullmatch(number)):
            number = f"raw:{hashlib.sha256(record).hexdigest()}"
        return unit_name(self._organisation, self._vendor, number)

    def _sale(self, sale: Sale, at: datetime, replays: Headers) -> Message:
        transaction = sale.transaction
        if not _is_number(transaction.transaction):
            raise Rejected(Reason.INVALID_FIELD, "transaction")
        unit = unit_name(self._organisation, self._vendor, transaction.transaction)
        if transaction.version is None:
            # of what came in together, the last stands: it needs a time of its own
            last = self._last.get(unit)
            at = at if last is None else max(at, last + _MICROSECOND)
            self._last[unit] = at
        sealed = None if sale.customer is None else self._sealed(sale.customer)
        received = ReceivedTransaction(self._vendor, self._organisation, at, transaction, sealed)
        headers = self._headers(at) + replays
        return Message(RECEIVED.name, unit.encode(), _encoded(received), headers)

    def _profile(self, person: Person, at: datetime) -> Message:
        observed_at = person.observed_at or at
        if self._of_profiles:
            # the newest statement wins: one that a source dates ahead would for ever
            observed_at = min(observed_at, at)
        received = ReceivedProfile(
            source=self._vendor,
            organisation=self._organisation,
            numbers_of=self._origin.feed.numbers_of or self._vendor,
            received_at=at,
            observed_at=observed_at,
            customer=self._sealed(person.customer),
            stated=None if person.stated is None else self._sealed(person.stated),
        )
        key = f"{self._organisation}/{self.receipt}/{self._profiles}".encode()
        self._profiles += 1
        return Message(PROFILES.name, key, _encoded(received), self._headers(at))

    def _sealed(self, said: Customer | Stated) -> bytes:
        try:
            return self._sealer.seal(msgspec.json.encode(said))
        except UnicodeError:
            raise Rejected(Reason.INVALID_FIELD, "customer") from None

    def _headers(self, at: datetime) -> Headers:
        """Return what the ledger reads, which never opens a value."""
        return (
            ("received_at", str((at - _EPOCH) // _MICROSECOND).encode()),
            ("organisation", self._organisation.encode()),
            ("vendor", self._vendor.encode()),
        )

    def _refusal(self, error: Exception) -> Rejected:
        """Return why a record is refused where an adapter raised *error*.

        What it raises without meaning to is a fault of ours: the record is kept until that is
        mended, and all others go on. The log says type and place; the text may quote the record.
        """
        if isinstance(error, Rejected):
            return error
        if isinstance(error, RecursionError):
            return Rejected(Reason.TOO_DEEP, "record")
        log.error("the adapter of %s failed", self._vendor, exc_info=error)
        return Rejected(Reason.UNREADABLE, type(error).__name__)


def _is_number(text: str) -> bool:
    """Tell whether *text* can name a transaction: ``raw:`` is how records without one are named.

    A name stands in the clear in zone 1, as a message's key: an e-mail address is none.
    """
    return (
        0 < len(text) <= _LONGEST_NUMBER
        and text.isprintable()
        and not text.startswith("raw:")
        and "@" not in text
    )


def _said_no(one: Sale | Person) -> bool:
    """Tell whether nothing is kept of *one*; of a sale the sale is."""
    return isinstance(one, Person) and one.customer.consents.statistics is False


def _encoded(record: ReceivedTransaction | ReceivedProfile) -> bytes:
    try:
        value = avro.encode(record)
    except OverflowError:
        raise Rejected(Reason.INVALID_FIELD, "out of range") from None
    except UnicodeError:
        raise Rejected(Reason.INVALID_FIELD, "text") from None
    if len(value) > _LARGEST_VALUE:
        raise Rejected(Reason.INVALID_FIELD, "too large")
    return value
