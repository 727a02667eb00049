"""What says that two customers of one person are one; in a clean world something always does."""

from collections.abc import Hashable, Iterator
from itertools import combinations

from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Feed
from simulation.people import PLAIN

_INITIALS = ("initials", "birth_date")
_NAME = ("name", "birth_date")
#: What says it only together with another.
_WEAK = (
    _INITIALS,
    _NAME,
    ("name", "street", "country", "postal_code"),
    ("birth_date", "country", "postal_code"),
)


def signs(feed: Feed, account: Account) -> frozenset[Hashable]:
    """Return what is the same in two accounts only if they are one person's, if they are one's.

    A number of one vendor's at one organisation, an e-mail or a phone that is not many people's,
    or two weak signs that agree. Of who said no, and who came without anything, there is none.
    """
    return frozenset() if account.record is None else frozenset(_signs(feed, account))


class Known:
    """Who could be known again by what, so that in a clean world everybody is, and nobody else."""

    def __init__(self) -> None:
        self._signs: dict[int, set[Hashable]] = {}
        #: Whose a sign is, of all of one given name: another's contradicts, and none does not.
        self._whose: dict[Hashable, dict[str | None, int]] = {}

    def fits(self, feed: Feed, account: Account) -> bool:
        """Tell whether *account* would be found to be its person's, and nobody else's."""
        if account.record is None:
            return True
        found, person = self._all(feed, account), account.person
        known = self._signs.get(person)
        if not all(self._is_of(person, sign, account.given_name) for sign in _told(account, found)):
            return False
        return known is None or bool(known & found)

    def _is_of(self, person: int, sign: Hashable, given: str | None) -> bool:
        """Tell whether *sign* is nobody else's, of all whom a given name does not tell apart."""
        whose = self._whose.get(sign, {})
        if given is None:
            return all(who == person for who in whose.values())
        return whose.get(given, person) == whose.get(None, person) == person

    @staticmethod
    def _all(feed: Feed, account: Account) -> set[Hashable]:
        """Return the signs, and that all is the same: of two people nobody could tell that."""
        same = structs.replace(account, person=0, consent=None)
        return {*signs(feed, account), (feed, same)}

    def note(self, feed: Feed, account: Account) -> None:
        """Take in that *feed* tells of *account*."""
        if account.record is not None:
            found = self._all(feed, account)
            self._signs.setdefault(account.person, set()).update(found)
            for sign in _told(account, found):
                self._whose.setdefault(sign, {})[account.given_name] = account.person


def _told(account: Account, found: set[Hashable]) -> set[Hashable]:
    """Return *found*, and the address: of two who have it, the nameless may be either."""
    own = account.email and account.shared != "email"
    return {*found, ("address", account.email)} if own else found


def _signs(feed: Feed, account: Account) -> Iterator[Hashable]:
    if account.number:
        yield feed, account.number
    if account.email and account.shared != "email":
        # who came without a name is whom the address names, or anybody who has it
        if account.given_name:
            yield "email of the named", account.email
        if not _borrowed(account, account.email):
            yield "email", account.email
    if account.phone and account.shared != "phone":
        yield "phone", account.phone
    names = [name for name in (account.given_name, account.family_name) if name]
    known = {field: getattr(account, field) for field in Account.__struct_fields__}
    known |= {"name": tuple(names), "initials": "".join(sorted(name[0] for name in names))}
    weak = [(fields, *map(known.get, fields)) for fields in _WEAK if all(map(known.get, fields))]
    # a name says all that its initials say
    yield from (
        two for two in combinations(weak, 2) if (two[0][0], two[1][0]) != (_INITIALS, _NAME)
    )


def _borrowed(account: Account, email: str) -> bool:
    """Tell whether *email* names somebody at home: the family name, and another given name."""
    words = email.partition("@")[0].rstrip("0123456789").split(".")
    given, family = (
        name.lower().translate(PLAIN).split(".")
        for name in (account.given_name or "", account.family_name or "")
    )
    return account.given_name is not None and not {*given} & {*words} and {*family} <= {*words}
