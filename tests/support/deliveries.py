"""Links and evidence as a broker delivers them: by partition, from where each is done."""

from collections.abc import Sequence
from typing import Any

from kudos.records import Evidence, Link
from services.aggregate import links
from services.aggregate.evidence import Taken, statement_of
from tests.support.persons import PLACES, World

PARTITIONS = 2


class Log:
    """A partition of links or of evidence; several consumers may believe that it is theirs."""

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.done = 0

    def take(self, most: int) -> tuple[links.Batch, int]:
        """Return a batch from where it is done, and where that ends."""
        end = min(self.done + most, len(self.records))
        read = [(self.records[n], n) for n in range(self.done, end)]
        taken = [
            Taken(statement_of(record, n, PLACES), self.done)
            for record, n in read
            if isinstance(record, Evidence)
        ]
        linked = [(record, n) for record, n in read if isinstance(record, Link)]
        return links.Batch(linked, taken), end


def logs(worlds: Sequence[World]) -> list[Log]:
    """Return the partitions of links and of evidence, each in its own order."""
    every: tuple[list[Any], ...] = (
        [link for world in worlds for link in world.links],
        [said for world in worlds for said in world.evidence],
    )
    return [
        Log([one for one in records if int(one.customer_ref, 16) % PARTITIONS == number])
        for records in every
        for number in range(PARTITIONS)
    ]
