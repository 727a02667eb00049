"""Whether two customers can be one: their birth dates or names contradict, or they do not."""

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from services.identity.codes import Codes

Words = frozenset[str]
Contradiction = Literal["birth", "name"]


class Traits(Struct, frozen=True):
    """The codes of a customer, as sets."""

    given: Words = frozenset()
    family: Words = frozenset()
    birth: tuple[str, ...] = ()
    initials: Words = frozenset()
    typos: Words = frozenset()
    near: Words = frozenset()

    @property
    def known(self) -> int:
        """Return how much is known: 2 for a given name that is more than initials, 1 for a date."""
        return 2 * bool(self.given - self.initials) + bool(self.birth)


#: Of whom neither name nor birth date is known.
NOTHING = Traits()


def traits(codes: Codes) -> Traits:
    """Return *codes* as they are compared."""
    return Traits(
        frozenset(codes.given),
        frozenset(codes.family),
        codes.birth,
        frozenset(codes.initials),
        frozenset(codes.typos),
        frozenset(codes.near),
    )


def together(one: Codes, other: Codes) -> Codes:
    """Return what two orders of one ref say: a ref does not tell given from family names.

    It is *one* itself where *other* says nothing new, and the same in whichever order they came.
    """
    if all(set(getattr(other, f)) <= set(getattr(one, f)) for f in Codes.__struct_fields__):
        return one
    fields = ("given", "family", "initials", "typos")
    both = {f: tuple(sorted({*getattr(one, f), *getattr(other, f)})) for f in fields}
    # the birth date is part of the ref, but an earlier release knew less of it
    birth, near = max((c.birth, c.near) for c in (one, other))
    return Codes(**both, birth=birth, near=near)


@lru_cache(maxsize=100_000)
def contradict(one: Traits, other: Traits) -> Contradiction | None:
    """Return by what *one* and *other* cannot be the same, or None.

    What is not known contradicts nothing.
    """
    if _births(one, other):
        return "birth"
    return "name" if _names(one, other) else None


def _births(one: Traits, other: Traits) -> bool:
    """Tell whether the dates differ where both are known; one part of one may be mistyped.

    It is taken as mistyped where the whole name agrees: nobody bears both the name and the
    birthday of a brother or a mother.
    """
    if all(a == b for a, b in zip(one.birth, other.birth, strict=False)):
        return False
    whole = one.given & other.given and one.family & other.family
    return not (whole and one.near & other.near)


def _names(one: Traits, other: Traits) -> bool:
    """Tell whether the given names differ: couples and twins share an address, an e-mail, a phone.

    A changed family name is a marriage. Initials and a mistyped given name fit where the family
    names or the birth dates do.
    """
    if not one.given or not other.given or one.given & other.given:
        return False
    here, there = one.given | one.family, other.given | other.family
    if here == there or here <= other.family or there <= one.family:
        # forms mix given and family names up
        return False
    born = len(one.birth) == 3 and one.birth == other.birth
    if one.family and other.family and not one.family & other.family and not born:
        return True
    initials = one.given <= other.initials or other.given <= one.initials
    return not (initials or one.typos & other.typos)
