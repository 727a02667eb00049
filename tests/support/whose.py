"""Who is one, by another way: from the truth of a clean world, with no code of the product."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import polars as pl
from msgspec import convert

from simulation.accounts import Account
from simulation.signs import signs


def own_persons(customers: pl.DataFrame) -> pl.DataFrame:
    """Return the truth's *customers*, each with its ``own`` person.

    That is a number that means nothing, but that it is the same for whom the organisation can know
    to be the same, by what it alone was told.
    """
    return _with(customers, "own", lambda row: (row["organisation"], row["person"]))


def found_persons(customers: pl.DataFrame) -> pl.DataFrame:
    """Return the truth's *customers*, each with the person ``found`` by what everybody was told."""
    return _with(customers, "found", lambda row: row["person"])


def account_of(row: Mapping[str, Any]) -> Account:
    """Return what came of the customer in *row*."""
    known = {name: row[name] for name in Account.__struct_fields__ if name in row}
    return convert(known, Account)


def _with(
    customers: pl.DataFrame, name: str, of: Callable[[Mapping[str, Any]], Hashable]
) -> pl.DataFrame:
    rows = list(customers.iter_rows(named=True))
    found = components((row["customer"], of(row), _signs(row)) for row in rows)
    ids = pl.Series([found[row["customer"]] for row in rows], dtype=pl.Int64)
    return customers.with_columns(ids.alias(name))


def _signs(row: Mapping[str, Any]) -> frozenset[Hashable]:
    return signs((row["organisation"], row["vendor"]), account_of(row))


def components(known: Iterable[tuple[int, Hashable, Iterable[Hashable]]]) -> dict[int, int]:
    """Return, of each customer, the least of those that *known* makes one with it.

    *known* is (customer, person, signs): who has a sign in common, of one person, is one.
    """
    parents: dict[int, int] = {}

    def root(customer: int) -> int:
        while parents[customer] != customer:
            customer = parents[customer]
        return customer

    first: dict[Hashable, int] = {}
    for customer, person, told in known:
        parents[customer] = customer
        for sign in told:
            one, other = sorted((root(customer), root(first.setdefault((person, sign), customer))))
            parents[other] = one
    return {customer: root(customer) for customer in parents}
