"""What a dead letter becomes when it is replayed: it goes back to where it was refused."""

from collections.abc import Mapping
from datetime import datetime

from kudos.cli.letters import Letter
from kudos.errors import Reason, Rejected
from kudos.register import Register
from kudos.sealing import Opener, Sealer
from kudos.stream import DeadLetters, Message
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.receiving import Intake


class Replay:
    """Opens letters and sends back what they hold.

    What ingest could not read is read again, as received when it was; whatever a later stage
    refused goes to that stage once more, which makes a new letter of it if it must. So there is one
    open letter of each refusal, however often it is replayed.
    """

    def __init__(
        self,
        opener: Opener,
        register: Register,
        adapters: Mapping[str, Adapter],
        sealer: Sealer,
        dead: DeadLetters,
    ) -> None:
        self._opener, self._register, self._adapters = opener, register, adapters
        self._sealer, self._dead = sealer, dead

    def opened(self, letter: Letter) -> bytes:
        """Return the original, or raise Rejected."""
        return self._opener.open(letter.message.value or b"")

    def messages(self, letter: Letter) -> list[Message]:
        """Return what is to be sent in place of *letter*, or raise Rejected: it stays as it is."""
        value = self.opened(letter)
        if letter.stage != "ingest":
            return [letter.original(value)]
        return self._read_again(letter, value)

    def _read_again(self, letter: Letter, body: bytes) -> list[Message]:
        """Return the transactions in *body*, a record, or a whole request that could not be split.

        Of several records those that are refused become letters of their own; where all are, the
        letter stays.
        """
        at, intake = letter.received_at, self._intake(letter)
        if at is None:
            raise Rejected(Reason.INVALID_FIELD, "received_at")
        records = intake.split(body)
        if len(records) < 2:
            return [m for one in records for m in intake.messages(one, at, letter.replays)]
        sent: list[Message] = []
        refused: list[tuple[bytes, Rejected]] = []
        for record in records:
            try:
                sent += intake.messages(record, at, letter.replays)
            except Rejected as rejected:
                refused.append((record, rejected))
        if len(refused) == len(records):
            raise refused[0][1]
        return sent + self._letters(intake, refused, at)

    def _letters(
        self, intake: Intake, refused: list[tuple[bytes, Rejected]], at: datetime
    ) -> list[Message]:
        return [intake.letter(record, at, rejected) for record, rejected in refused]

    def _intake(self, letter: Letter) -> Intake:
        feed = self._register.feeds.get((letter.vendor, letter.organisation))
        read_as = letter.message.header("read_as")
        adapter = self._adapters.get(read_as or letter.vendor)
        if feed is None or adapter is None:
            raise Rejected(Reason.INVALID_FIELD, "vendor: not in the register")
        origin = Origin(self._register.organisations[letter.organisation], feed)
        receipt = letter.id.replace("/", "-")
        return Intake(adapter, origin, self._sealer, self._dead, receipt, read_as=read_as)
