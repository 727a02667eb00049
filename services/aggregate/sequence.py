"""Tell when a message was left out.

Faust gives up a message that it is about to hand over when a rebalance begins, and its own look at
what was acknowledged takes a gap of exactly one message for none (read in its code, never seen
here). A gap that is seen ends the process, uncommitted.
"""

from collections.abc import Iterable


class Skipped(Exception):
    """A message was not delivered that comes before one that was."""


class Sequence:
    """The offset that comes next, of each partition; without transactions there are no holes."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def knows(self, partition: int) -> bool:
        """Tell whether it is known where *partition* began."""
        return partition in self._next

    def begin(self, partition: int, offset: int) -> None:
        """Take *offset* for the first of *partition* that is not yet done."""
        self._next[partition] = offset

    def follow(self, partition: int, offset: int) -> None:
        """Take a message; one that was delivered before is harmless, one too far on is not."""
        due = self._next[partition]
        if offset > due:
            raise Skipped(f"partition {partition}: {offset} came where {due} was due")
        self._next[partition] = offset + 1

    def forget(self, partitions: Iterable[int]) -> None:
        """Forget *partitions*, which are another's now, or begin anew."""
        for partition in partitions:
            self._next.pop(partition, None)
