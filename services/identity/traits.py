"""Whether two customers can be one: their birth dates or names contradict, or they do not."""

from collections.abc import Collection
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
    mailbox: Words = frozenset()

    @property
    def told(self) -> bool:
        """Tell whether anything came by which people are told apart: a name or a birth date."""
        return bool(self.given or self.family or self.birth)

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
        frozenset(codes.mailbox),
    )


def together(one: Codes, other: Codes) -> Codes:
    """Return what two orders of one ref say: a ref does not tell given from family names.

    It is *one* itself where *other* says nothing new, and the same in whichever order they came.
    """
    if all(set(getattr(other, f)) <= set(getattr(one, f)) for f in Codes.__struct_fields__):
        return one
    fields = ("given", "family", "initials", "typos", "mailbox")
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


def borrowed(one: Collection[Traits], other: Collection[Traits]) -> bool:
    """Tell whether an e-mail that *one* and *other* have belongs to one of them and not the other.

    Of one no given name is known, and the e-mail has the other's family name beside another given
    name than the other's: it is of somebody at home, to whom the nameless rather belong.
    """
    for nameless, named in ((one, other), (other, one)):
        if not any(t.given for t in nameless) and any(
            _is_another_s(box, owner) for box in nameless for owner in named
        ):
            return True
    return False


def _is_another_s(box: Traits, named: Traits) -> bool:
    """Tell whether the words of an e-mail are the family name of *named*, and not their given."""
    rest = box.mailbox - named.family
    if not named.given or not rest or rest == box.mailbox:
        return False
    initials = rest & named.initials or named.given <= box.initials
    return not (rest & named.given or initials or box.typos & named.typos)


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
