"""The oracle of persons, on a few orders that can be counted by hand."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from simulation.customers import CUSTOMERS, STATEMENTS
from simulation.truth import LINES
from tests.support import curves
from tests.support.audience import Audience

SCENE, OPERA, KINO = "hovedstadens-scene", "bjorvika-opera", "byens-kino"
#: Oslo, Oslo and Ålesund.
MAY_1, MAY_3, MAY_9 = date(2026, 5, 1), date(2026, 5, 3), date(2026, 5, 9)
YEAR_BEFORE = date(2025, 4, 1)

KARI = {"person": 1, "given_name": "Kari", "family_name": "Moen", "birth_date": "1980-05-04"}
OLA = {"person": 2, "given_name": "Ola", "family_name": "Moen", "gender": "male"}
#: Who they are to each house; Kari has another e-mail at the cinema, and no number.
TOLD: list[dict[str, Any]] = [
    {**KARI, "organisation": SCENE, "email": "kari@example.no", "postal_code": "0155"},
    {**KARI, "organisation": OPERA, "email": "kari@example.no", "phone": "+4740000001"},
    {**KARI, "organisation": KINO, "email": "moen@example.no", "phone": "+4740000001"},
    {**KARI, "organisation": KINO, "email": "kari@example.no"},
    {**OLA, "organisation": SCENE, "email": "kari@example.no"},
]
#: Customer, day, tickets.
BOUGHT = [
    (0, YEAR_BEFORE, 2),
    (0, MAY_3, 1),
    (1, MAY_1, 1),
    (2, MAY_3, 1),
    (3, MAY_9, 4),
    (4, MAY_3, 1),
]


def line(number: int, customer: int | None, day: date, quantity: int) -> dict[str, Any]:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    house = SCENE if customer is None else TOLD[customer]["organisation"]
    return {
        "organisation": house,
        "vendor": "homemade",
        "order": str(number),
        "transaction": str(number),
        "line": "1",
        "kind": "sale",
        "item": "ticket",
        "quantity": quantity,
        "amount_minor": 10_000 * quantity,
        "discount_minor": 0,
        "fee_minor": 0,
        "currency": "NOK",
        "at": at,
        "at_is_date": False,
        "sold_at": at,
        "channel": "web",
        "customer": customer,
        "customer_record": None if customer is None else f"r{customer}",
        "postal_code": None if customer is None else TOLD[customer].get("postal_code"),
        "country": "NO",
    }


@pytest.fixture(scope="module")
def of() -> Audience:
    said = datetime(2026, 5, 1, tzinfo=UTC)
    known = {"vendor": "homemade", "country": "NO", "observed_at": said}
    customers = [known | one | {"customer": n} for n, one in enumerate(TOLD)]
    lines = [line(n, *one) for n, one in enumerate(BOUGHT)] + [line(99, None, MAY_1, 3)]
    tag = {"customer": 1, "source": "tagtool", "attribute": "segment", "observed_at": said}
    sure = {"value": "Release", "basis": "declared", "confidence": 1.0}
    later = {"observed_at": datetime(2026, 6, 1, tzinfo=UTC)}
    guessed = {"value": "Essence", "basis": "inferred", "confidence": 0.9} | later
    return Audience(
        pl.DataFrame(lines, schema=LINES),
        pl.DataFrame(customers, schema=CUSTOMERS),
        pl.DataFrame([tag | sure, tag | guessed], schema=STATEMENTS),
    )


def cells(table: pl.DataFrame, *keys: str, **of: object) -> dict[Any, int]:
    for name, value in of.items():
        table = table.filter(pl.col(name) == value)
    return {
        row[:-1] if len(keys) > 1 else row[0]: row[-1]
        for row in table.select(*keys, "value").rows()
    }


def test_persons_are_one_where_something_says_so(of: Audience) -> None:
    # Kari has four customers in all; at the cinema nothing says that two are one
    assert {4: 1, 1: 1} == cells(curves.persons(of), "size", organisation="")
    assert {1: 2} == cells(curves.persons(of), "size", organisation=KINO)
    assert {1: 2} == cells(curves.persons(of), "size", organisation=SCENE)


def test_days_count_lines_and_those_who_came(of: Audience) -> None:
    scene = cells(of.daily("organisation"), "day", "measure", scope=SCENE)
    assert (1, 3) == (scene[MAY_1, "orders"], scene[MAY_1, "tickets"])
    assert (MAY_1, "customers") not in scene
    assert (2, 2, 2) == tuple(scene[MAY_3, m] for m in ("customers", "own_customers", "orders"))
    network = cells(of.daily("network"), "day", "measure")
    assert (2, 3) == (network[MAY_3, "customers"], network[MAY_3, "customer_records"])


def test_a_curve_is_asked_on_each_day(of: Audience) -> None:
    network = cells(curves.rolling(of, "network", date(2026, 5, 20)), "day", window=7)
    week = [network.get(date(2026, 5, day), 0) for day in (1, 3, 7, 9, 10, 15, 16)]
    assert [1, 2, 2, 2, 1, 1, 0] == week
    kino = curves.rolling(of, "organisation", MAY_9), curves.rolling(of, "own", MAY_9)
    assert [1, 2] == [cells(c, "day", scope=KINO, window=28)[MAY_9] for c in kino]
    region = cells(curves.rolling(of, "region", MAY_9), "day", scope="15", window=365)
    assert {MAY_3, MAY_9} <= region.keys() == {d for d in region if d >= MAY_3}


def test_cross_use_says_who_was_elsewhere_too(of: Audience) -> None:
    used = curves.cross_use(of, MAY_1, MAY_9)
    scene = cells(used, "kind", "name", organisation=SCENE)
    assert 2 == scene["customers", ""]
    assert {1} == {scene["organisation", house] for house in (OPERA, KINO)}
    assert {("region", "03"): 1, ("region", "15"): 1}.items() <= scene.items()
    assert (1, 1) == (scene["many", "1"], scene["many", "3"])
    network = cells(used, "kind", "name", organisation="")
    assert (2, 2) == (network["customers", ""], network["organisation", SCENE])


def test_customers_are_new_or_return(of: Audience) -> None:
    scene = cells(curves.customers(of, "2026-05"), "measure", organisation=SCENE)
    expected = {"unique": 2, "new": 1, "returning": 1, "reactivated": 1, "1": 2, "days": 2}
    assert expected == scene


def test_profiles_are_the_best_that_anybody_said(of: Audience) -> None:
    def buyers(breakdown: str, house: str, day: date) -> dict[Any, int]:
        table = of.by(breakdown)
        return cells(table, "falls", organisation=house, day=day, measure="customers")

    assert {"Release": 1} == buyers("segment", KINO, MAY_9)
    assert {"Release": 1, "unknown": 1} == buyers("segment", SCENE, MAY_3)
    # of a name, where nobody declared it
    assert {"female": 1, "male": 1} == buyers("gender", SCENE, MAY_3)
    # as if born on the first of the month
    assert {"45-54": 1} == buyers("age_band", OPERA, MAY_1)
    assert {"35-44": 1} == buyers("age_band", SCENE, YEAR_BEFORE)
    # the profile's, where the order says none
    assert {"0301": 1} == buyers("municipality", KINO, MAY_9)
    assert {"3-4": 4} == cells(
        of.by("party_size"), "falls", organisation=KINO, day=MAY_9, measure="tickets"
    )
    tickets = cells(of.by("segment"), "falls", organisation=SCENE, day=MAY_1, measure="tickets")
    assert {"unknown": 3} == tickets
