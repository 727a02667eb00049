"""Each known trap, at every vendor that has it: what stands in the end is what was read by hand.

traps.toml says for each trap which vendors' fixtures hold it, by what text as it is sent, and what
must stand once ingest, identity and aggregate are done with it.
"""

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.ingest.adapters import ADAPTERS
from tests.support.pairs import shown
from tests.support.standing import channels, counted, facts, moments

HERE = Path(__file__).parent
TRAPS: dict[str, dict[str, Any]] = {
    trap["name"]: trap for trap in tomllib.loads((HERE / "traps.toml").read_text("utf-8"))["trap"]
}
ROWS = [(name, *row) for name, trap in TRAPS.items() for row in trap["rows"]]
TELLS: dict[str, Callable[[Sequence[Any]], str]] = {
    "counted": counted,
    "moments": moments,
    "channels": channels,
}
#: What is known to go wrong, and how many ways there are of it.
KNOWN = {
    "refund": 7,
    "money": 6,
    "autumn": 1,
    "spring": 1,
    "exchange": 2,
    "partial refund": 1,
    "whole-order revocation": 1,
    "free tickets": 1,
    "season passes": 1,
    "gift cards": 2,
    "group bookings": 1,
    "reseller orders": 1,
    "test orders": 1,
    "a daily till report": 1,
    "Danish kroner": 1,
    "an order that moves": 1,
    "a line that vanishes": 1,
}
#: Traps that every vendor has, or it says why not; and what a fixture that shows one is called.
EVERYWHERE = {
    "autumn": "autumn_night",
    "spring": "spring_night",
    "exchange": "exchange",
    "partial refund": "partial_refund",
    "free tickets": "zero_price",
}


def sent(vendor: str, names: str) -> list[bytes]:
    """Return what a row delivers, one file after another; fail where a name is not of one file."""
    bodies = []
    for name in names.split("+"):
        there = (HERE / "fixtures" / vendor).glob(f"{name}.*")
        (file,) = [path for path in there if ".expected" not in path.name]
        bodies.append(file.read_bytes())
    return bodies


@cache
def standing(vendor: str, names: str) -> tuple[Any, ...]:
    """Return what stands once all of a row is delivered."""
    split = ADAPTERS[vendor].split
    return tuple(facts(vendor, [one for body in sent(vendor, names) for one in split(body)]))


def begins(name: str, with_: str) -> bool:
    """Tell whether a trap is one of a kind."""
    return name == with_ or name.startswith((f"{with_}:", f"{with_} "))


def test_every_known_trap_is_there_in_all_its_ways() -> None:
    found = {kind: sum(begins(name, kind) for name in TRAPS) for kind in KNOWN}
    assert found == KNOWN
    assert sum(KNOWN.values()) == len(TRAPS)


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_in_some_vendors_fixture(name: str) -> None:
    assert TRAPS[name]["rows"]
    assert {row[0] for row in TRAPS[name]["rows"]} <= set(ADAPTERS)


@pytest.mark.parametrize("kind", EVERYWHERE)
@pytest.mark.parametrize("vendor", ADAPTERS)
def test_every_vendor_has_it_or_says_why_not(vendor: str, kind: str) -> None:
    """In traps.toml; a vendor that does not stand there in its own fixtures, as they are read."""
    traps = [trap for name, trap in TRAPS.items() if begins(name, kind)]
    why = next((trap["cannot"][vendor] for trap in traps if vendor in trap.get("cannot", {})), None)
    is_held = any(row[0] == vendor for trap in traps for row in trap["rows"])
    if vendor not in {row[1] for row in ROWS}:
        own = EVERYWHERE[kind]
        why, is_held = ADAPTERS[vendor].about.cannot_say.get(own), own in shown(vendor)
    assert is_held or why is not None
    assert why is None or len(why.split()) > 3, "a reason is a sentence"


@pytest.mark.parametrize(("name", "vendor", "files", "mark", "stands"), ROWS)
def test_what_stands_is_what_was_read_by_hand(
    name: str, vendor: str, files: str, mark: str, stands: str
) -> None:
    assert mark in sent(vendor, files)[-1].decode(), "the trap is not in what is sent last"
    assert stands == TELLS[TRAPS[name].get("what", "counted")](standing(vendor, files))
