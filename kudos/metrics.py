"""The metrics that dashboards and alerts build on; their names are part of the interface.

Labels hold ids of the register, of our own code and of topics: never personal data or free text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import Counter, Gauge, Histogram

from kudos.stream import BatchStep, Message

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

TRANSACTIONS_ACCEPTED = Counter(
    "kudos_transactions_accepted",
    "Transactions that KUDOS has taken responsibility for, repeats included.",
    ["vendor", "organisation"],
)
TRANSACTIONS_COUNTED = Counter(
    "kudos_transactions_counted",
    "Versions of transactions that were written as facts, repeats included.",
    ["organisation"],
)
NOTICES_WAITING = Gauge(
    "kudos_notices_waiting",
    "Records that a vendor's notifications named and that are not fetched yet.",
    ["vendor", "organisation"],
)
DEAD_LETTERS = Counter(
    "kudos_dead_letters", "Messages that can never succeed.", ["service", "reason"]
)
SOURCE_STOPPED = Gauge(
    "kudos_source_stopped",
    "1 while nothing is taken from a source, for too much of it was refused in a row.",
    ["vendor", "organisation"],
)
VERSION_CONFLICTS = Counter(
    "kudos_version_conflicts",
    "Two contents of one version; the one with the greater hash stands.",
    ["vendor", "organisation"],
)
PUSH_TO_QUERYABLE = Histogram(
    "kudos_push_to_queryable_seconds",
    "From ingest's stamp to the watermark.",
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 5, 10, 30, 60, 300),
)
CONSUMER_LAG = Gauge(
    "kudos_consumer_lag", "Messages not yet taken.", ["service", "topic", "partition"]
)
STEP_SECONDS = Histogram(
    "kudos_step_seconds", "A batch through one step.", ["service", "step"], buckets=_SECONDS
)
REFRESH_SECONDS = Histogram(
    "kudos_refresh_seconds", "One refresh of a table.", ["table"], buckets=_SECONDS
)
LEDGER_DIFFERENCE = Gauge(
    "kudos_ledger_difference",
    "Transactions accepted before the watermark that are neither counted, erased nor dead.",
    ["organisation"],
)
WATERMARK = Gauge(
    "kudos_watermark_timestamp_seconds",
    "Everything received before this time is in sales_live and kpi_daily.",
)
SUPPRESSED_CELLS = Counter("kudos_suppressed_cells", "Cells withheld.", ["why"])


def note_lag(service: str) -> Callable[[Mapping[tuple[str, int], int]], None]:
    """Return what a source's progress is told to, as *service*."""
    held: set[tuple[str, int]] = set()

    def note(lag: Mapping[tuple[str, int], int]) -> None:
        # a partition that another has now is not ours to speak of
        for topic, partition in held - lag.keys():
            CONSUMER_LAG.remove(service, topic, str(partition))
        held.clear()
        held.update(lag)
        for (topic, partition), messages in lag.items():
            CONSUMER_LAG.labels(service, topic, partition).set(messages)

    return note


def timed(service: str, name: str, step: BatchStep) -> BatchStep:
    """Return *step*, and take the time of each batch."""
    seconds = STEP_SECONDS.labels(service, name)

    def apply(batch: Sequence[Message]) -> Iterable[Message]:
        with seconds.time():
            return list(step(batch))

    return apply
