"""An instance of resolve as a process of its own; it says each time that it becomes active.

What it is told comes as JSON on its standard input, for a password is no argument.
"""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from kudos.sealing import Opener, Sealer, public_half
from kudos.topics import CLAIMS
from kudos.transactions import KafkaTurn, KafkaTurns
from services.identity import active
from services.identity.resolve import Resolver
from services.identity.state import State
from tests.support.claimed import KEYS

#: The least that a broker takes, unless it is told otherwise.
SESSION_S = 6.0


def main() -> None:
    """Resolve until killed."""
    logging.basicConfig(level=logging.INFO)
    told = json.loads(sys.stdin.readline())
    turns = KafkaTurns(
        told["kafka"], "identity.resolve", CLAIMS.name, most=told["most"], session_s=SESSION_S
    )
    private = told["private"]
    resolver = Resolver(KEYS, Opener(private), Sealer(public_half(private)))
    active.run(_said(turns), State(Path(told["state"])), resolver, resolver.step)


def _said(turns: KafkaTurns) -> Iterator[KafkaTurn]:
    for turn in turns.turns():
        sys.stdout.write("active\n")
        sys.stdout.flush()
        yield turn


if __name__ == "__main__":
    main()
