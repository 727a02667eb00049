"""What says that two customers of one person are one; in a clean world something always does."""

from collections.abc import Hashable, Iterator
from itertools import combinations

from simulation.accounts import Account
from simulation.orders import Feed

#: What says it only together with another.
_WEAK = (
    ("name", "birth_date"),
    ("name", "street", "country", "postal_code"),
    ("birth_date", "street", "country", "postal_code"),
    ("initials", "birth_date", "country", "postal_code"),
)


def signs(feed: Feed, account: Account) -> frozenset[Hashable]:
    """Return what is the same in two accounts only if they are one person's, if they are one's.

    A number of one vendor's at one organisation, an e-mail or a phone that is not many people's,
    or two weak signs that agree. Of who said no, and who came without anything, there is none.
    """
    return frozenset() if account.record is None else frozenset(_signs(feed, account))


def _signs(feed: Feed, account: Account) -> Iterator[Hashable]:
    if account.number:
        yield feed, account.number
    for kind in ("email", "phone"):
        value = getattr(account, kind)
        if value and kind != account.shared:
            yield kind, value
    names = [name for name in (account.given_name, account.family_name) if name]
    known = {field: getattr(account, field) for field in Account.__struct_fields__}
    known |= {"name": tuple(names), "initials": "".join(sorted(name[0] for name in names))}
    weak = [(fields, *map(known.get, fields)) for fields in _WEAK if all(map(known.get, fields))]
    yield from combinations(weak, 2)
