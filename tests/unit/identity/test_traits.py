"""Who can be one person, and who cannot, by name and birth date."""

import json
from typing import Any

import msgspec
import pytest

from services.identity.codes import Codes, codes
from services.identity.traits import contradict, together, traits

IDS = b"i" * 32
Name = tuple[str | None, str | None, str | None]
KARI = ("Kari", "Nordvik", "1980-01-02")


def of(who: Name) -> Codes:
    return codes(IDS, *who)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (KARI, KARI, None),
        # twins, couples, parents
        (("Kari", "Nordvik", None), ("Knut", "Nordvik", None), "name"),
        (KARI, ("Kari", "Nordvik", "1951-07-30"), "birth"),
        # what is not known contradicts nothing
        (KARI, (None, None, None), None),
        (KARI, (None, "Nordvik", None), None),
        (KARI, ("Kari", "Nordvik", "1980"), None),
        (KARI, ("Kari", "Nordvik", "1980-02"), "birth"),
        # married; two given names; initials
        (KARI, ("Kari", "Solberg", "1980-01-02"), None),
        (("Kari", "Nordvik", None), ("Kari Anne", "Solberg", None), None),
        (("Kari", "Nordvik", None), ("K.", "Nordvik", None), None),
        (("Kari", "Nordvik", None), ("K.", "Solberg", None), "name"),
        (("Kari", "Nordvik", None), ("B.", "Nordvik", None), "name"),
        # mistyped: long names only, and where something else agrees
        (("Ingrid", "Nordvik", None), ("Ingird", "Nordvik", None), None),
        (("Ingrid", "Nordvik", None), ("Ingri", "Nordvik", None), None),
        (("Ingrid", "Nordvik", None), ("Ingird", "Solberg", None), "name"),
        (("Ingrid", "Nordvik", "1980-01-02"), ("Ingird", "Nordvk", "1980-01-02"), None),
        (("Anne", "Nordvik", None), ("Anna", "Nordvik", None), "name"),
        # one part of the date wrong, or day and month changed, where the whole name agrees
        (KARI, ("Kari", "Nordvik", "1980-01-20"), None),
        (KARI, ("Kari", "Nordvik", "1990-01-02"), None),
        (KARI, ("Kari", "Nordvik", "1980-02-01"), None),
        (KARI, ("Kari", "Nordvik", "1981-01-03"), "birth"),
        (KARI, ("Kari", "Solberg", "1980-01-20"), "birth"),
        (KARI, ("Knut", "Nordvik", "1980-01-20"), "birth"),
        # forms mix the fields up, or have but one
        (KARI, ("Nordvik", "Kari", "1980-01-02"), None),
        (("Kari", "Nordvik", None), (None, "Kari Nordvik", None), None),
        (("Knut", "Nordvik", None), (None, "Kari Nordvik", None), "name"),
        (("Knut", "Nordvik Berg", None), (None, "Nordvik Berg", None), None),
    ],
)
def test_contradictions(one: Name, other: Name, expected: str | None) -> None:
    a, b = traits(of(one)), traits(of(other))
    assert (expected, expected) == (contradict(a, b), contradict(b, a))


def test_codes_of_an_earlier_release_are_read_and_compared_without_what_they_lack() -> None:
    newer = json.loads(msgspec.json.encode(of(("Ingrid", "Nordvik", "1980-01-02"))))
    older: dict[str, Any] = {k: newer[k] for k in ("given", "family", "birth")}
    read = traits(msgspec.convert(older, Codes))
    assert contradict(read, traits(of(("Ingrid", "Nordvik", "1980-01-02")))) is None
    assert "name" == contradict(read, traits(of(("Ingird", "Nordvik", None))))
    assert "birth" == contradict(read, traits(of(("Ingrid", "Nordvik", "1980-01-03"))))


def test_two_spellings_of_one_ref_are_one_whichever_came_first() -> None:
    one, other = of(KARI), of(("Nordvik", "Kari", "1980-01-02"))
    both = together(one, other)
    assert both == together(other, one)
    assert both is together(both, one) is together(both, other)
    assert one is together(one, one)
    for spelt in (one, other):
        assert contradict(traits(both), traits(spelt)) is None
