"""How it stands with the sources that are polled: metrics, and words for /healthz."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct
from prometheus_client import Counter, Gauge, Histogram

_LABELS = ["vendor", "organisation"]
POLLS = Counter("kudos_polls", "Polls of a source, by how they ended.", [*_LABELS, "ended"])
POLL_SECONDS = Histogram(
    "kudos_poll_seconds",
    "One poll, however it ended.",
    _LABELS,
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
POLLED_AT = Gauge(
    "kudos_polled_timestamp_seconds", "When a source was last read to its end.", _LABELS
)
FAILING = Gauge("kudos_poll_failing", "1 while the last poll of a source failed.", _LABELS)

#: How a poll ends that is in order: read to its end, or another process has the source.
WELL = frozenset({"starting", "read", "busy"})
Name = tuple[str, str]


class Health(Struct, frozen=True):
    """How the polls of one source end, in a word of ours, and since when."""

    ended: str
    since: datetime


class Board:
    """What is known of each source, by vendor and organisation; threads may share it."""

    def __init__(self) -> None:
        self._known: dict[Name, Health] = {}

    def note(self, name: Name, ended: str, now: datetime) -> None:
        """Note that a poll of *name* ended so."""
        if ended != "starting":
            POLLS.labels(*name, ended).inc()
            FAILING.labels(*name).set(ended not in WELL)
        if ended == "read":
            POLLED_AT.labels(*name).set(now.timestamp())
        known = self._known.get(name)
        if known is None or known.ended != ended:
            self._known[name] = Health(ended, now)

    def drop(self, name: Name) -> None:
        """Forget *name*, which is no longer polled here."""
        self._known.pop(name, None)
        # or an alert would stand for ever
        FAILING.labels(*name).set(0)

    def now(self) -> Mapping[Name, Health]:
        """Return how it stands with each source."""
        return dict(self._known)

    def told(self) -> str:
        """Return a line for each source; nothing of it makes the service unwell."""
        rows = sorted(self.now().items())
        return "".join(
            f"poll {vendor}/{organisation}: {health.ended}"
            f" since {health.since.astimezone(UTC).isoformat(timespec='seconds')}\n"
            for (vendor, organisation), health in rows
        )
