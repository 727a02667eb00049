"""People and what is told of them: as they live, and exact where the world is clean."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import UTC, datetime

import polars as pl
import pytest

from simulation.accounts import Account, Kind
from simulation.signs import signs
from simulation.truth import Truth
from simulation.world import World
from tests.support.whose import account_of, found_persons, own_persons

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
ORDERS = 16_000


def customers(kind: Kind, orders: int = ORDERS) -> pl.DataFrame:
    truth = Truth()
    for told in World(2, UNTIL, people=orders, kind=kind).season(orders):
        truth.add(told)
    return truth.told.table()


@pytest.fixture(scope="module")
def clean() -> pl.DataFrame:
    return customers("clean")


@pytest.fixture(scope="module")
def dirty() -> pl.DataFrame:
    return customers("dirty")


def several(table: pl.DataFrame, column: str) -> int:
    """Return how many persons have more than one value of *column*."""
    many = pl.col(column).filter(pl.col("shared").is_null()).drop_nulls().n_unique() > 1
    return int(table.group_by("person").agg(many.alias("many"))["many"].sum())


def test_in_a_clean_world_everybody_is_found_and_nobody_is_taken_for_another(
    clean: pl.DataFrame,
) -> None:
    whose: defaultdict[tuple[Hashable, str | None], set[int]] = defaultdict(set)
    for row in clean.iter_rows(named=True):
        for sign in signs((row["organisation"], row["vendor"]), account_of(row)):
            whose[sign, row["given_name"]].add(row["person"])
    assert all(len(people) == 1 for people in whose.values())
    # a couple's e-mail is two people's, whose given names tell them apart
    assert len(whose) > len({sign for sign, _ in whose}) + 20
    found = found_persons(clean)
    assert clean["person"].n_unique() == found["found"].n_unique()
    assert 3_000 < clean["person"].n_unique() < len(clean) - 3_000


def test_an_organisation_knows_less_than_all_together(clean: pl.DataFrame) -> None:
    own = own_persons(clean)
    humans = clean.select(pl.struct("organisation", "person").n_unique()).item()
    assert humans < own.select(pl.struct("organisation", "own").n_unique()).item() < len(own)


@pytest.mark.parametrize("kind", ["clean", "dirty"])
def test_people_move_marry_and_change_their_addresses(
    kind: Kind, request: pytest.FixtureRequest
) -> None:
    table = request.getfixturevalue(kind)
    for column in ("family_name", "email", "phone", "street", "organisation", "vendor"):
        assert 5 < several(table, column), column


@pytest.mark.parametrize("kind", ["clean", "dirty"])
def test_couples_share_an_email_and_twins_a_birth_date(
    kind: Kind, request: pytest.FixtureRequest
) -> None:
    table = request.getfixturevalue(kind).filter(pl.col("shared").is_null())
    named = table.filter(pl.col("given_name").is_not_null())
    couples = named.group_by("email").agg(
        pl.col("person").n_unique(), pl.col("given_name").n_unique()
    )
    assert 20 < len(couples.filter(pl.col("email").is_not_null() & (pl.col("person") > 1)))
    home = ("family_name", "street", "birth_date")
    twins = named.drop_nulls(home).group_by(home).agg(pl.col("person").n_unique())
    assert 3 < len(twins.filter(pl.col("person") > 1))


def test_what_many_have_is_soon_found_out_in_a_clean_world(clean: pl.DataFrame) -> None:
    hubs = clean.drop_nulls("shared").group_by(
        pl.when(pl.col("shared") == "email").then("email").otherwise("phone")
    )
    names = hubs.agg(pl.col("given_name").n_unique(), pl.col("organisation").n_unique())
    assert 3 == len(names)
    # more than twice as many as live in one home
    assert all(16 < many for many in names["given_name"])
    # else it would not be found out from one organisation's own customers
    assert [1, 1, 1] == names["organisation"].to_list()


def test_forms_are_filled_in_wrong_only_in_a_dirty_world(
    clean: pl.DataFrame, dirty: pl.DataFrame
) -> None:
    assert 0 == several(clean, "given_name") == several(clean, "birth_date")
    assert 50 < several(dirty, "given_name")
    assert 0 < several(dirty, "birth_date")
    addresses = dirty.drop_nulls("shared").select(pl.struct("email", "phone").n_unique()).item()
    assert 5 < addresses


def test_the_same_seed_tells_the_same(clean: pl.DataFrame) -> None:
    assert customers("clean").equals(clean)


def test_a_records_name_is_the_same_whichever_way_round() -> None:
    one = Account(1, given_name="Kari", family_name="Moen", birth_date="1980-01-02")
    other = Account(1, given_name="Moen", family_name="Kari", birth_date="1980-01-02")
    assert one.record == other.record
    assert one.record != Account(1, given_name="Kari", birth_date="1980-01-02").record
