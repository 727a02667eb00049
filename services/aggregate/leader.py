"""What only the leader does: refresh the derived tables, and say how far everything is.

Two leaders at once are harmless, and so is none for a while. What is away for a while (the broker,
ClickHouse) is waited for.
"""

import logging
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import KafkaException
from urllib3.exceptions import HTTPError

from kudos import ledger
from kudos.clickhouse import connect
from kudos.metrics import PUSH_TO_QUERYABLE, WATERMARK, note_lag
from kudos.topics import ENRICHED, EVIDENCE, LINKS
from services.aggregate import refresh
from services.aggregate.facts import OSLO
from services.aggregate.keep import Arrivals
from services.aggregate.watermark import PACES, Families, Pace, Part, Reader, Seen

log = logging.getLogger(__name__)

#: What passes when the broker or ClickHouse is back.
AWAY = (ClickHouseError, KafkaException, HTTPError, OSError)
#: Seconds between two looks at the broker: while something happens, and while nothing does.
TICK_S, IDLE_TICK_S = 0.1, 0.4
#: Between two publications; each is a part that ClickHouse has to merge.
PUBLISH_S = 0.2
#: Between two refreshes, and as a share of the last one's time: sales are to be taken in meanwhile.
#: (Two statements over a few rows cost 60 ms of CPU, most of it for planning them.)
PAUSE_S, SHARE = 0.2, 0.5
_WAIT_S = (0.2, 5.0)
#: What aggregate reads itself, and as which group.
_READS = (("aggregate", ENRICHED), ("aggregate.links", LINKS), ("aggregate.links", EVIDENCE))
#: Enough observations a publication.
_SAMPLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Asks(Protocol):
    """The broker, as far as the watermark asks it."""

    def committed(self) -> dict[Reader, int]:
        """Return what each group has committed."""

    def ends(self) -> dict[Part, int]:
        """Return where each partition ends."""

    def begins(self, parts: Iterable[Part]) -> dict[Part, int]:
        """Return the first offset that is still there, of *parts*."""


class Counts(Protocol):
    """The refresher, as far as the watermark asks it."""

    begun: int
    done: int

    def want(self) -> None:
        """Ask for a pass that begins from now on."""


class Loop(ABC):
    """Runs ``once`` again and again while this instance leads, until *stop*."""

    name = "loop"

    def __init__(self, url: str, leading: Callable[[], bool], stop: threading.Event) -> None:
        self._url, self._leading, self._stop = url, leading, stop
        self._client: Client | None = None
        self._led = False

    def run(self) -> None:
        """Return after *stop*; raise what will not pass."""
        wait, longest = _WAIT_S
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                pause = self._step()
                wait = _WAIT_S[0]
            except AWAY as error:
                log.warning("%s waits: %s", self.name, _kind(error))
                pause, wait = wait, min(2 * wait, longest)

    def _step(self) -> float:
        if not self._leading():
            self._led = False
            return 0.2
        if not self._led:
            self.begin()
            self._led = True
        return self.once()

    def begin(self) -> None:  # noqa: B027 (most have nothing to prepare)
        """Prepare to lead."""

    @abstractmethod
    def once(self) -> float:
        """Do it, and return the seconds to wait."""

    @property
    def client(self) -> Client:
        """Return this loop's own client."""
        if self._client is None:
            self._client = connect(self._url)
        return self._client


class Refresher(Loop):
    """Makes *run*'s passes when they are wanted; counts those that began and the last that ended.

    *name* is its pace's, which stands in ``watermark.PACES``; *run* takes a client and the local
    date, and refreshes all that is stale, which it need not where *clock* and the date stand still.
    It rests *share* times as long as a pass took, at least *pause_s*: others want the processor.
    """

    def __init__(
        self,
        url: str,
        leading: Callable[[], bool],
        stop: threading.Event,
        *,
        name: str = "live",
        run: Callable[[Client, date], object] = refresh.run_pass,
        clock: Callable[[Client], int] = refresh.generation_of,
        pause_s: float = PAUSE_S,
        share: float = SHARE,
    ) -> None:
        super().__init__(url, leading, stop)
        self.name, self._run, self._clock = name, run, clock
        self._pause_s, self._share = pause_s, share
        self.begun = self.done = 0
        self._wanted = threading.Event()
        self._generation = -1
        self._day = date.min

    def want(self) -> None:
        """Ask for a pass that begins from now on."""
        self._wanted.set()

    def once(self) -> float:
        """Make one pass: what was marked before it began is then in the tables."""
        if not self._wanted.wait(0.5):
            return 0.0
        self._wanted.clear()
        self.begun += 1
        began = time.monotonic()
        generation, day = self._clock(self.client), datetime.now(OSLO).date()
        if (generation, day) != (self._generation, self._day):
            self._run(self.client, day)
            self._generation, self._day = generation, day
        self.done = self.begun
        return max(self._pause_s, self._share * (time.monotonic() - began))


class Follower(Loop):
    """Moves the watermark on: a round at every look, many in flight at once."""

    name = "watermark"

    def __init__(
        self,
        url: str,
        leading: Callable[[], bool],
        stop: threading.Event,
        *,
        offsets: Asks,
        refreshers: Mapping[str, Counts],
        arrivals: Arrivals,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        paces: Sequence[Pace] = PACES,
    ) -> None:
        super().__init__(url, leading, stop)
        self._offsets, self._refreshers, self._arrivals = offsets, refreshers, arrivals
        self._paces = [pace for pace in paces if pace.name in refreshers]
        self._now = now
        self._lag = note_lag("aggregate")
        self._families = Families(self._paces)
        self._ends: Mapping[Part, int] = {}
        self._news: dict[str, int] = {}
        self._published = 0.0

    def begin(self) -> None:
        """Begin where the leader before has come to: what was received earlier is a replay."""
        self._families, self._news = Families(self._paces), {}
        self._arrivals.passed(microseconds(ledger.watermarks(self.client).get("sales_live")))

    def once(self) -> float:
        """Look once, and publish how far all is."""
        moment, seen = self.look()
        self._note_lag(seen)
        news = self._families.follow(moment, seen)
        for pace in self._paces:
            # sales are taken in though persons do not come on
            if news.keys() & {"facts", pace.after}:
                self._refreshers[pace.name].want()
        self._news |= news
        if self._news and time.monotonic() - self._published >= PUBLISH_S:
            self._publish()
        idle = seen.ends == self._ends
        self._ends = seen.ends
        return IDLE_TICK_S if idle else TICK_S

    def look(self) -> tuple[int, Seen]:
        """Return a moment, and what was seen: first what is committed, after it the ends."""
        committed = self._offsets.committed()
        committed |= {pace.reader: self._refreshers[pace.name].done for pace in self._paces}
        moment = microseconds(self._now())
        ends = self._offsets.ends()
        ends |= {pace.passes: self._refreshers[pace.name].begun + 1 for pace in self._paces}
        known = {(topic, number) for _, topic, number in committed}
        begins = self._offsets.begins({p for p, end in ends.items() if end and p not in known})
        return moment, Seen(committed, ends, begins)

    def _note_lag(self, seen: Seen) -> None:
        self._lag(
            {
                (topic, number): max(0, end - seen.committed.get((group, topic, number), 0))
                for group, read in _READS
                for (topic, number), end in seen.ends.items()
                if topic == read.name
            }
        )

    def _publish(self) -> None:
        news, self._news = self._news, {}
        now = datetime.now(UTC)
        rows = [(family, _EPOCH + timedelta(microseconds=at), now) for family, at in news.items()]
        names = ["family", "watermark", "noted_at"]
        self.client.insert("watermarks", rows, column_names=names)
        self._published = time.monotonic()
        if "sales_live" in news:
            WATERMARK.set(news["sales_live"] / 1e6)
            waited = self._arrivals.passed(news["sales_live"])
            at = microseconds(datetime.now(UTC))
            for received_at in waited[:: len(waited) // _SAMPLE + 1]:
                PUSH_TO_QUERYABLE.observe((at - received_at) / 1e6)


def _kind(error: Exception) -> str:
    """Return what *error* is, without its text: that may quote a statement's values."""
    code = re.search(r"code: (\d+)", str(error))
    return type(error).__name__ + (f" {code[1]}" if code else "")


def microseconds(at: datetime | None) -> int:
    """Return *at* as microseconds since 1970; 0 where there is none."""
    return 0 if at is None else (at - _EPOCH) // timedelta(microseconds=1)
