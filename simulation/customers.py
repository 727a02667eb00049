"""The truth of customers: what came together of somebody, and whose it is."""

from datetime import datetime
from typing import Any

import polars as pl
from msgspec import structs

from simulation.accounts import Account
from simulation.orders import Feed
from simulation.sources import Statement
from simulation.world import Told

_TEXT, _WHOLE = pl.String(), pl.Int64()
#: All that came together of one person, at one organisation through one vendor, with orders or on
#: a customers' page: what can never be told apart again.
CUSTOMERS: dict[str, Any] = {
    "customer": _WHOLE,
    "organisation": _TEXT,
    "vendor": _TEXT,
    "person": _WHOLE,
    "number": _TEXT,
    "given_name": _TEXT,
    "family_name": _TEXT,
    "email": _TEXT,
    "phone": _TEXT,
    "street": _TEXT,
    "postal_code": _TEXT,
    "country": _TEXT,
    "birth_date": _TEXT,
    "gender": _TEXT,
    "shared": _TEXT,  # "email" or "phone": it is a counter's, a reseller's or a placeholder
    "observed_at": pl.Datetime("us", "UTC"),  # when it was last said
}
#: What a source stated of a customer beside what houses were told.
STATEMENTS: dict[str, Any] = {
    "customer": _WHOLE,
    "organisation": _TEXT,
    "source": _TEXT,
    "attribute": _TEXT,  # segment, gender, birth or postal_code
    "value": _TEXT,
    "basis": _TEXT,  # inferred, register or declared
    "confidence": pl.Float64(),
    "observed_at": pl.Datetime("us", "UTC"),
}
_SHARED = ("source", "basis", "confidence", "observed_at")


class Customers:
    """Numbers what came together of somebody, and notes when it was last said."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Feed, Account], int] = {}
        self._said: list[datetime] = []
        self._stated: list[Statement] = []

    def of(self, feed: Feed, account: Account) -> int | None:
        """Return the number of *account*; None where nobody is known by it."""
        return self._numbers.get((feed, _alone(account)))

    def add(self, told: Told) -> None:
        """Note who stands in any version of an order: what was said is not taken back."""
        for document in told.documents:
            if document.account is not None:
                self._note((document.house, document.vendor), document.account, document.sold_at)
        for contact in told.contacts:
            self._note((contact.house, contact.vendor), contact.account, contact.edited_at)

    def _note(self, feed: Feed, account: Account, at: datetime) -> None:
        if account.record is None:
            return
        number = self._numbers.setdefault((feed, _alone(account)), len(self._said))
        if number == len(self._said):
            self._said.append(at)
        self._said[number] = max(at, self._said[number])

    def known(self) -> list[tuple[Feed, Account]]:
        """Return every customer there is so far."""
        return list(self._numbers)

    def state(self, told: Statement) -> None:
        """Note what a source states, and by what it knows of whom."""
        feed = (told.house, told.numbers_of)
        if self.of(feed, told.account) is None:
            self._note(feed, told.account, told.observed_at)
        self._stated.append(told)

    def statements(self) -> pl.DataFrame:
        """Return what sources stated."""
        rows = [
            {
                "customer": self.of((told.house, told.numbers_of), told.account),
                "organisation": told.house,
                "attribute": attribute,
                "value": value,
            }
            | {name: getattr(told, name) for name in _SHARED}
            for told in self._stated
            for attribute, value in told.said.items()
        ]
        return pl.DataFrame(rows, schema=STATEMENTS)

    def table(self) -> pl.DataFrame:
        """Return all of them, by their numbers."""
        described = _Described()
        named = [name for name in CUSTOMERS if name in Account.__struct_fields__]
        rows = [
            {"customer": number, "organisation": feed[0], "vendor": feed[1], "observed_at": at}
            | {name: getattr(account, name) for name in named}
            | {"person": described(account)}
            for ((feed, account), number), at in zip(self._numbers.items(), self._said, strict=True)
        ]
        return pl.DataFrame(rows, schema=CUSTOMERS)


class _Described:
    """Tells whom an account describes: a person, or a counter or reseller, by a negative number.

    Of the party of a reseller some systems tell nothing but the reseller's e-mail. That record is
    of the reseller: nobody else is told.
    """

    def __init__(self) -> None:
        self._sharers: dict[str, int] = {}

    def __call__(self, account: Account) -> int:
        own = account.phone if account.shared == "email" else account.email
        named = (account.given_name, account.family_name, account.birth_date, account.street)
        if account.shared is None or own or account.number or any(named):
            return account.person
        address = getattr(account, account.shared)
        return self._sharers.setdefault(address, -1 - len(self._sharers))


def _alone(account: Account) -> Account:
    """Return *account* without what was agreed to, which tells nobody from others."""
    return structs.replace(account, consent=None)
