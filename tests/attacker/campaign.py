"""Play a network over its cuts, and keep what was answered at each of them."""

from datetime import UTC, datetime

import msgspec

from services.query.disclosure.model import Cell, CellKey, Rules, Standing, Why
from services.query.disclosure.protect import protect
from tests.attacker.truth import Truth
from tests.attacker.world import World


class Cut(msgspec.Struct):
    """What may be asked after a cut, and what is true.

    `shown` are the values that are answered, `since` the cut at which each was computed, `why` the
    reasons of those that are refused.
    """

    truth: Truth
    shown: dict[CellKey, int]
    since: dict[CellKey, int]
    why: dict[CellKey, Why]


def play(seed: int, rules: Rules, cuts: int = 3) -> list[Cut]:
    """Play so many cuts of a network."""
    world = World(seed)
    played: list[Cut] = []
    exact: dict[CellKey, Cell] = {}
    for number in range(cuts):
        if number:
            world.later(number - 1)
        truth = Truth(world, rules)
        last = played[-1] if played else Cut(truth, {}, {}, {})
        # as the cuts keep them: only what is published, with what was behind it then
        previous = [
            Standing(exact[key], value, datetime(2026, 5, 1 + last.since[key], tzinfo=UTC))
            for key, value in last.shown.items()
        ]
        cells = truth.cells()
        verdicts = protect(cells, truth.margins(), truth.organisations, rules, previous)
        now = {cell.key: cell for cell in cells}
        cut = Cut(truth, {}, {}, {})
        for key, verdict in verdicts.items():
            if verdict.value is None:
                assert verdict.why is not None
                cut.why[key] = verdict.why
                continue
            cut.shown[key] = verdict.value
            cut.since[key] = last.since[key] if verdict.stands else number
            if not verdict.stands:
                exact[key] = now[key]
        played.append(cut)
    return played
