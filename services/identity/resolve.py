"""What resolve does to a batch of claims: records and links, each once."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from kudos import avro
from kudos.errors import Rejected
from kudos.records import Claims, CustomerRecord, Link
from kudos.sealing import Opener, Sealer
from kudos.stream import Message
from kudos.topics import LINKS, RECORDS
from services.identity.codes import Codes
from services.identity.graph import Graph, Moved
from services.identity.persons import Id, Key
from services.identity.pseudonym import Keys, rekeyed
from services.identity.state import Change, Row, digest
from services.identity.traits import NOTHING, Traits, together, traits

_codes = msgspec.json.Decoder(Codes)
#: Names and birth dates that need not be opened again.
_REMEMBERED = 50_000


class Resolver:
    """The step; its clients' secrets are *keys*, and what opens and seals codes.

    *refuse* is told the reason where a claim cannot be read: its customer stays apart.
    """

    def __init__(
        self,
        keys: Keys,
        opener: Opener,
        sealer: Sealer,
        refuse: Callable[[Rejected], None] = lambda _rejected: None,
    ) -> None:
        self.versions = len(keys.versions)
        self._known: dict[bytes, Traits] = {}
        self._keys, self._opener, self._sealer, self._refuse = keys, opener, sealer, refuse

    def step(self, change: Change, batch: Sequence[Message]) -> list[Message]:
        """Bring *change* up to the claims in *batch*; return what is new to be said."""
        graph, said = self.graph(change), {}
        for message in batch:
            try:
                claims = avro.decode(message.value or b"", Claims)
                row = self.take(graph, change, claims)
            except Rejected as rejected:
                self._refuse(rejected)
                continue
            if row is not None:
                said[bytes.fromhex(claims.customer_ref)] = row
        return [*(record(ref, row, self.versions) for ref, row in said.items()), *links(graph)]

    def graph(self, change: Change) -> Graph:
        """Return the graph that *change* is made on."""
        return Graph(change, self._traits)

    def take(self, graph: Graph, change: Change, said: Claims | CustomerRecord) -> Row | None:
        """Note what is *said* of a ref; return all that is known, or None where it was before."""
        ref = bytes.fromhex(said.customer_ref)
        before = change.row(ref)
        clear = b"" if said.codes is None else self._opener.open(said.codes)
        row = Row(said.organisation, self._newest(said.match_keys), said.codes, digest(clear))
        if before is not None:
            row = self._both(before, row, clear)
            if row == before:
                return None
        graph.put(ref, row, before)
        return row

    def _newest(self, match_keys: dict[str, str]) -> dict[str, Key]:
        """Return *match_keys* by kind, as the newest version has them."""
        found: dict[str, Key] = {}
        for name, key in match_keys.items():
            kind, _, text = name.rpartition(".")
            version = int(text)
            if version > self.versions:
                raise LookupError("a key of a version that this process was not given")
            if version < self.versions:
                key = rekeyed(kind, key, version, self._keys.versions)  # noqa: PLW2901 (the same, newer)
            found[kind] = bytes.fromhex(key)
        return found

    def _both(self, before: Row, row: Row, clear: bytes) -> Row:
        """Return all that is known; a ref may be spelt in two ways, or by an earlier release."""
        keys = before.keys if before.keys == row.keys else before.keys | row.keys
        if row.codes is None or row.digest == before.digest:
            return Row(row.organisation, keys, before.codes, before.digest)
        if before.codes is None:
            return Row(row.organisation, keys, row.codes, row.digest)
        known = _codes.decode(self._opener.open(before.codes))
        both = together(known, _codes.decode(clear))
        if both is known:
            return Row(row.organisation, keys, before.codes, before.digest)
        clear = msgspec.json.encode(both)
        return Row(row.organisation, keys, self._sealer.seal(clear), digest(clear))

    def _traits(self, row: Row) -> Traits:
        if row.codes is None:
            return NOTHING
        # who orders at several houses, or anew, is called the same
        known = self._known.get(row.digest)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[row.digest] = traits(_codes.decode(self._opener.open(row.codes)))
        return known


def record(ref: Id, row: Row, version: int) -> Message:
    """Return what resolve rebuilds *ref* from."""
    keys = {f"{kind}.{version}": key.hex() for kind, key in row.keys.items()}
    value = CustomerRecord(row.organisation, ref.hex(), keys, row.codes)
    return Message(RECORDS.name, ref.hex().encode(), avro.encode(value))


def links(graph: Graph) -> Iterator[Message]:
    """Yield the links that a graph's changes make."""
    return map(_link, sorted(graph.resolve(), key=lambda moved: moved.ref))


def _link(moved: Moved) -> Message:
    ref, now = moved.ref.hex(), moved.now.hex()
    before = (None, None) if moved.before is None else halves(moved.before.hex())
    value = Link(moved.organisation, ref, *halves(now), *before)
    return Message(LINKS.name, ref.encode(), avro.encode(value))


def halves(both: str) -> tuple[str, str]:
    """Return the person and the own person in the 32 hex digits of *both*."""
    return both[:16], both[16:]
