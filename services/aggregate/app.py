"""The Faust app: takes frames, has them kept, and acknowledges by hand, in offset order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

import faust
from faust.types import TP

from kudos.stream import Message
from kudos.topics import ENRICHED
from services.aggregate.sequence import Sequence as Offsets
from services.aggregate.settings import AggregateSettings

log = logging.getLogger(__name__)

#: A batch: 50 full frames are 10,000 transactions; at a low rate it waits this long for others.
FRAMES, WITHIN_S = 50, 0.3
Keep = Callable[[Sequence[Message]], None]
Vouch = Callable[[faust.App, Offsets, Sequence[Any]], Awaitable[Sequence[Any]]]


class Died(Exception):
    """A batch could not be kept; the error itself may quote what it held, so only its kind."""


def create(
    settings: AggregateSettings, keep: Keep, vouch: Vouch | None = None
) -> tuple[faust.App, Any]:
    """Return the app and its one agent; *vouch* tells what may be acknowledged."""
    app = faust.App(
        "aggregate",
        broker=";".join(
            f"kafka://{quote(b.strip(), safe=':[]')}" for b in settings.kafka.split(",")
        ),
        broker_credentials=_credentials(settings),
        consumer_group_instance_id=settings.aggregate_instance,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=5000,
        # counted twice is harmless, and lost is not: acknowledged after the inserts
        processing_guarantee="at_least_once",
        broker_session_timeout=10,
        broker_heartbeat_interval=1,
        broker_rebalance_timeout=10,
        # the watermark waits for commits
        broker_commit_interval=0.1,
        stream_wait_empty=False,
        value_serializer="raw",
        key_serializer="raw",
        web_enabled=False,
        # it keeps no tables and no topics of its own
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
    )

    offsets = Offsets()

    @app.on_partitions_revoked.connect(weak=False)
    async def revoked(_app: Any, revoked: set[TP], **_rest: Any) -> None:
        offsets.forget(tp.partition for tp in revoked if tp.topic == ENRICHED.name)

    @app.agent(app.topic(ENRICHED.name, key_type=bytes, value_type=bytes))
    async def facts(stream: Any) -> None:
        """Have each batch kept, then acknowledge it."""
        async for events in stream.noack_take(FRAMES, within=WITHIN_S):
            try:
                followed = await (vouch or vouched)(app, offsets, events)
                await asyncio.to_thread(keep, [_message(event.message) for event in events])
            except Exception as error:
                log.critical("a batch could not be kept", exc_info=error)
                await app.crash(Died(type(error).__name__))
                # go no further: a later acknowledgement would skip this batch
                await asyncio.Future()
            for event in followed:  # in offset order: each vouches for all before it
                event.ack()

    return app, facts


class Partitions:
    """The partitions that this instance has, told by Faust: its consumer is not asked by threads.

    Who has the first one leads: it refreshes, and says how far all is. After a pause of the
    process two may lead for a while, which is harmless.
    """

    def __init__(self, app: faust.App) -> None:
        self._held: frozenset[int] = frozenset()

        # signals keep no strong reference of their own
        @app.on_partitions_assigned.connect(weak=False)
        async def assigned(_app: Any, assigned: set[TP], **_rest: Any) -> None:
            self._held |= {tp.partition for tp in assigned if tp.topic == ENRICHED.name}

        @app.on_partitions_revoked.connect(weak=False)
        async def revoked(_app: Any, revoked: set[TP], **_rest: Any) -> None:
            self._held -= {tp.partition for tp in revoked}

    def any(self) -> bool:
        """Tell whether there are any: what readiness asks."""
        return bool(self._held)

    def leads(self) -> bool:
        """Tell whether this instance leads."""
        return 0 in self._held


async def run(app: faust.App, stop: asyncio.Event, patience_s: float) -> bool:
    """Run *app* until *stop*; return whether it had not crashed by then."""
    starting = asyncio.create_task(app.start())
    # mode has no other name for it
    ends = [asyncio.create_task(e.wait()) for e in (stop, app._crashed)]  # noqa: SLF001
    await asyncio.wait([starting, *ends], return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and starting.exception() is None:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    whole = stop.is_set() and not app.crashed
    for task in (starting, *ends):
        task.cancel()
    try:
        await asyncio.wait_for(app.stop(), patience_s)
    except Exception as error:  # noqa: BLE001 (what was not acknowledged comes again)
        log.warning("stopping: %s", type(error).__name__)
    return whole


async def vouched(app: faust.App, offsets: Offsets, events: Sequence[Any]) -> Sequence[Any]:
    """Return those of *events* that may be acknowledged; raise Skipped where one before is missing.

    What is left of a partition that is no longer held is kept and not acknowledged: nobody can say
    whether something is missing before it, and whoever holds the partition is given it again.
    """
    held = app.consumer.assignment()
    for tp in {event.message.tp for event in events} & held:
        if not offsets.knows(tp.partition):
            # what Faust began at in this assignment; it has no other name for it
            consumer: Any = app.consumer
            begins = consumer._committed_offset.get(tp)  # noqa: SLF001 (as above)
            if begins is None:
                begins = (await app.consumer.earliest_offsets(tp))[tp]
            offsets.begin(tp.partition, begins)
    followed = [
        event
        for event in events
        if event.message.tp in held and offsets.knows(event.message.tp.partition)
    ]
    for event in followed:
        offsets.follow(event.message.tp.partition, event.message.offset)
    return followed


def _credentials(settings: AggregateSettings) -> Any:
    password = settings.optional_secret("kafka")
    if password is None:
        return None
    return faust.SASLCredentials(
        username=settings.account, password=password, mechanism="SCRAM-SHA-256"
    )


def _message(read: Any) -> Message:
    headers = read.headers or ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Message(
        read.topic,
        read.key,
        read.value,
        tuple((name, value or b"") for name, value in pairs),
        partition=read.partition,
        offset=read.offset,
    )
