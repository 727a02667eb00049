"""How much is published of a year of the simulated organisations: less is a loss of use."""

from benchmarks.disclosure import network, shares
from services.query.disclosure.model import Rules
from services.query.disclosure.protect import protect
from simulation.houses import HOUSES

#: What was published when this was written, of three years a little more; of each some less.
LEAST = {
    "all cells": 0.55,
    "all cells but of groups with too few members": 0.85,
    "asked by all houses": 0.53,
    "own of large houses": 0.94,
    "own of middle houses": 0.94,
    "own of small houses": 0.84,
    "of scopes: network": 1.0,
}


def test_publishes_as_much_as_it_did_of_houses_of_every_size() -> None:
    cells, margins, organisations, sizes = network(years=(2025,))
    counted = shares(protect(cells, margins, organisations, Rules()), HOUSES, sizes)
    told = {label: counted[label]["published"] / counted[label].total() for label in LEAST}
    assert {} == {label: share for label, share in told.items() if share < LEAST[label]}
