"""A broker in memory."""

import threading
from collections import defaultdict
from collections.abc import Sequence

from kudos.stream import Message


class MemorySink:
    """Topics hold what was sent, once it is flushed; *open* holds a flush up, *away* fails it.

    What a broker that was away had been sent is gone, as with a producer whose time is up.
    """

    def __init__(self) -> None:
        self.topics: defaultdict[str, list[Message]] = defaultdict(list)
        self.flushes = 0
        self.away = False
        self.open = threading.Event()
        self.open.set()
        self._unsent: list[Message] = []

    def send(self, message: Message) -> None:
        """Take *message*."""
        self._unsent.append(message)

    def flush(self) -> None:
        """Store what was sent, or raise ConnectionError."""
        assert self.open.wait(10), "nobody let the flush go on"
        unsent, self._unsent = self._unsent, []
        if self.away:
            raise ConnectionError("away")
        self.flushes += 1
        for message in unsent:
            self.topics[message.topic].append(message)

    @property
    def stored(self) -> Sequence[Message]:
        """Return everything, whatever the topic."""
        return [message for messages in self.topics.values() for message in messages]
