"""How people fill in forms: with slips of the finger, short names, somebody else's address."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import structs

if TYPE_CHECKING:
    from simulation.accounts import Account

Slip = Callable[["Account", random.Random], "Account"]


def slipped(account: Account, chance: random.Random) -> Account:
    """Return *account* with one thing, now and then two, that is not as it should be."""
    wrong, things = account, 1 + (chance.random() < 0.15)
    for slip in chance.choices([slip for slip, _ in _SLIPS], [often for _, often in _SLIPS], k=9):
        before = wrong
        wrong = slip(wrong, chance)
        things -= wrong != before  # of what did not come nothing can be wrong
        if not things:
            break
    return wrong


def _mistyped(word: str, chance: random.Random) -> str:
    """Return *word* with two letters in the wrong order, one missing, or one twice."""
    if len(word) < 4:
        return word
    place = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    return chance.choice(
        (
            before + after[0] + letter + after[1:],
            before + after,
            f"{word[: place + 1]}{letter}{after}",
        )
    )


def _in_name(field: str) -> Slip:
    def slip(account: Account, chance: random.Random) -> Account:
        word = getattr(account, field)
        return structs.replace(account, **{field: _mistyped(word, chance)}) if word else account

    return slip


def _in_email(account: Account, chance: random.Random) -> Account:
    if account.email is None:
        return account
    local, _, domain = account.email.partition("@")
    if chance.random() < 0.5:
        return structs.replace(account, email=f"{local}@{_mistyped(domain[:7], chance)}.no")
    letters = local.rstrip("0123456789")
    return structs.replace(
        account, email=f"{_mistyped(letters, chance)}{local[len(letters) :]}@{domain}"
    )


def _in_phone(account: Account, chance: random.Random) -> Account:
    if account.phone is None or not account.phone.startswith("+47"):
        return account
    place = chance.randrange(4, 11)
    digit = chance.choice([d for d in "0123456789" if d != account.phone[place]])
    return structs.replace(
        account, phone=account.phone[:place] + digit + account.phone[place + 1 :]
    )


def _in_birth_date(account: Account, chance: random.Random) -> Account:
    """The first of January, day and month in the wrong order, or the wrong year."""
    if account.birth_date is None:
        return account
    year, month, day = account.birth_date.split("-")
    wrong = [f"{year}-01-01", f"{int(year) + chance.choice((-10, -1, 1))}-{month}-{day}"]
    if int(day) <= 12:
        wrong.append(f"{year}-{day}-{month}")
    return structs.replace(account, birth_date=chance.choice(wrong))


def _initial(account: Account, _chance: random.Random) -> Account:
    given = account.given_name
    return structs.replace(account, given_name=f"{given[0]}.") if given else account


def _family_only(account: Account, _chance: random.Random) -> Account:
    return structs.replace(account, given_name=None) if account.email else account


def _other_way_round(account: Account, _chance: random.Random) -> Account:
    return structs.replace(account, given_name=account.family_name, family_name=account.given_name)


def _middle(account: Account, chance: random.Random) -> Account:
    if account.given_name is None:
        return account
    return structs.replace(
        account, given_name=f"{account.given_name} {chance.choice('ABEHKLMST')}."
    )


def _nameless(account: Account, _chance: random.Random) -> Account:
    return structs.replace(account, given_name=None, family_name=None) if account.email else account


#: What goes wrong, and how often.
_SLIPS: tuple[tuple[Slip, int], ...] = (
    (_in_name("given_name"), 16),
    (_in_name("family_name"), 18),
    (_in_email, 16),
    (_in_phone, 12),
    (_in_birth_date, 12),
    (_initial, 8),
    (_family_only, 4),
    (_other_way_round, 5),
    (_middle, 6),
    (_nameless, 3),
)
