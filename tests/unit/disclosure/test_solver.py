"""The solver on tables small enough to see what gives a value away."""

import numpy as np
import pytest

from services.query.disclosure import joint
from services.query.disclosure.model import By, Cell, CellKey, Margin, Rule, Rules
from services.query.disclosure.network import Network
from services.query.disclosure.protect import protect

OWN = "organisation:a"
#: Persons by month and band. The 3s are two rings of four and one between them: every line has two
#: of them or more, and yet the one between, in the first month and the third band, is determined.
TABLE = ((3, 3, 3, 40), (3, 3, 40, 40), (40, 40, 3, 3), (40, 40, 3, 3))
BETWEEN = 0, 2


def _key(measure: str, scope: str, month: int | None, band: int | None) -> CellKey:
    by: By = () if band is None else (("age_band", f"b{band}"),)
    return CellKey(measure, scope, "year" if month is None else f"m{month}", by)


def _table(measure: str, scope: str, parts: list[str]) -> tuple[list[Cell], list[Margin]]:
    """Make the table with its margins, of so many equal parts."""
    table = np.array(TABLE)
    lines: list[int | None] = [0, 1, 2, 3]
    places = [(month, band) for month in (*lines, None) for band in (*lines, None)]
    cells = []
    for month, band in places:
        inside = table[slice(None) if month is None else month]
        count = int((inside if band is None else inside[..., band]).sum())
        each = dict.fromkeys(parts, count)
        key = _key(measure, scope, month, band)
        cells.append(Cell(key, count * len(parts), count * len(parts), each, each))
    margins = [
        Margin(_key(measure, scope, x, None), tuple(_key(measure, scope, x, y) for y in range(4)))
        for x in (*lines, None)
    ] + [
        Margin(_key(measure, scope, None, y), tuple(_key(measure, scope, x, y) for x in range(4)))
        for y in (*lines, None)
    ]
    return cells, margins


def _determined(margins: list[Margin], withheld: set[CellKey]) -> set[CellKey]:
    """List what follows of the withheld by subtraction alone."""
    hidden = sorted(withheld)
    rows = np.array(
        [[(key in m.parts) - float(key == m.total) for key in hidden] for m in margins], float
    )
    worth, vectors = np.linalg.eigh(rows.T @ rows)
    free = np.abs(vectors[:, worth < 1e-9]).max(axis=1, initial=0.0)
    return {key for key, x in zip(hidden, free, strict=True) if x < 1e-6}


@pytest.mark.parametrize("on", [True, False])
def test_withholds_what_gives_the_one_between_two_rings_another_world(*, on: bool) -> None:
    cells, margins = _table("customers", OWN, ["a"])
    rules = Rules() if on else Rules(off=frozenset({Rule.SOLVER}))
    verdicts = protect(cells, margins, [], rules)
    withheld = {key for key, verdict in verdicts.items() if verdict.value is None}
    between = _key("customers", OWN, *BETWEEN)
    assert (set() if on else {between}) == _determined(margins, withheld)
    # a single cell besides the nine is enough, since nobody is told which of them are few
    assert len(withheld) == 9 + on


@pytest.mark.parametrize(("most", "small"), [(63, False), (64, True)])
def test_is_small_by_its_finest_figures(
    most: int, *, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the totals alone are as large as the months and bands that they are made of
    cells, margins = _table("tickets", "network", ["o1", "o2", "o3", "o4"])
    network = Network(cells, margins, {}, Rules())
    monkeypatch.setattr(joint, "MOST_VARIABLES", most)
    assert small is joint.small(network, [spot for spot in network.cells if not spot.by])
