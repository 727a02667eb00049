"""Play one network over three cuts and let the attacker at each of them."""

from datetime import UTC, datetime

from services.query.disclosure.model import CellKey, Rules, Standing, Verdict
from services.query.disclosure.protect import protect
from tests.attacker.attack import Answer, Place, bound, over_time, subtract, two_largest
from tests.attacker.world import World, key


def campaign(seed: int, rules: Rules, cuts: int = 2, *, solve: bool = True) -> list[str]:
    """List what the attacker got; nothing, if the protection holds."""
    world = World(seed)
    got: list[str] = []
    standing: list[Standing] = []
    old, before = None, None
    for cut in range(cuts):
        as_of = datetime(2026, 5, 1 + cut, tzinfo=UTC)
        spread = world.spread()
        cells = world.cells(old)
        verdicts = protect(cells, world.margins(), world.organisations(), rules, standing)
        answer = _answers(verdicts)
        if old is None or before is None:
            got += subtract(world, spread, answer)
            if solve and not got:
                pair = two_largest(world)
                for asking in (pair[:1], pair):
                    got += bound(world, spread, answer, asking)
        else:
            stood = {place for place in old if _stands(verdicts, place)}
            got += over_time(world, (old, spread), (before, answer), stood)
        exact = {cell.key: cell for cell in cells}
        earlier = {one.cell.key: one for one in standing}
        standing = [
            earlier[k] if v.stands else Standing(exact[k], v.value, as_of)
            for k, v in verdicts.items()
        ]
        old, before = spread, answer
        world.later()
    return got


def _stands(verdicts: dict[CellKey, Verdict], place: Place) -> bool:
    verdict = verdicts.get(key("tickets", *place))
    return verdict is not None and verdict.stands


def _answers(verdicts: dict[CellKey, Verdict]) -> Answer:
    def answer(measure: str, place: Place) -> int | None:
        verdict = verdicts.get(key(measure, *place))
        return None if verdict is None else verdict.value

    return answer
