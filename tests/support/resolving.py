"""An instance of resolve as a process of its own; it says each time that it becomes active.

What it is told comes as JSON on its standard input, for a password is no argument.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kudos.sealing import Opener, Sealer, public_half
from kudos.stream import Message
from kudos.topics import CLAIMS
from kudos.transactions import KafkaTurn, KafkaTurns, Turn
from services.identity import active
from services.identity.resolve import Resolver
from services.identity.state import State
from tests.support.claimed import KEYS

#: Short, so that who dies or sleeps is missed soon.
SESSION_S = 4.0


def main() -> None:
    """Resolve until killed."""
    logging.basicConfig(level=logging.INFO)
    told = json.loads(sys.stdin.readline())
    turns = KafkaTurns(
        told["kafka"], "identity.resolve", CLAIMS.name, most=told["most"], session_s=SESSION_S
    )
    private = told["private"]
    resolver = Resolver(KEYS, Opener(private), Sealer(public_half(private)))
    state = Path(told["state"])
    turns_here = _said(turns, state.with_suffix(".bed"))
    active.run(turns_here, State(state), resolver, resolver.step)


class _Sleepy:
    """A turn that falls asleep in the midst of a transaction, once *bed* is there."""

    def __init__(self, turn: KafkaTurn, bed: Path) -> None:
        self._turn, self._bed = turn, bed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turn, name)

    def commit(self, outputs: Sequence[Message], past: int | None) -> None:
        """Commit; what is to be sent is sent before it sleeps, and its offset after."""
        self._turn.commit(_Lulling(outputs) if self._bed.is_file() else outputs, past)


class _Lulling(list[Message]):
    def __iter__(self) -> Iterator[Message]:
        yield from super().__iter__()
        os.kill(os.getpid(), signal.SIGSTOP)


def _said(turns: KafkaTurns, bed: Path) -> Iterator[Turn]:
    for turn in turns.turns():
        sys.stdout.write("active\n")
        sys.stdout.flush()
        yield _Sleepy(turn, bed)


if __name__ == "__main__":
    main()
