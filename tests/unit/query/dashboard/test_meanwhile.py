"""*Oversikt* beside others, and while its tables are not equally far."""

import re

import pytest

from services.query.dashboard import meanwhile
from services.query.periods import parse
from tests.support.cutting import MadeUpCut
from tests.support.dashboard import FakeSource
from tests.unit.query.dashboard.conftest import Client
from tests.unit.query.dashboard.test_pages import SPACE, page_of

CHANGE = rf"([+\u2212][0-9,]+{SPACE}%|uendret)"


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ("2026-04", "2026-04"),
        ("2026-Q1", "2026-Q1"),
        ("season-2024", "season-2024"),
        # not over, or of a kind that groups do not have: the last month that is over
        ("2026-05", "2026-04"),
        ("2026", "2026-04"),
        ("rolling-28@2026-05-19", "2026-04"),
        ("2026-01-01..2026-02-20", "2026-04"),
    ],
)
def test_groups_are_told_of_by_a_period_that_is_over(
    made: MadeUpCut, chosen: str, told: str
) -> None:
    assert made.made
    assert told == meanwhile.finished(parse(chosen), made.made).id


def test_ones_change_stands_beside_the_industrys_and_the_countys(signed_in: Client) -> None:
    client = signed_in("theatre")
    found = page_of(client.get("/overview?period=2026-04"))
    # 4 of the 8 are published of groups by month; customers' history is not
    assert 6 == len(re.findall(rf"Andre: scenekunst {CHANGE} · Oslo {CHANGE}\.", found.text))
    assert "Ved siden av andre: April 2026 mot samme tid året før." in found.text
    usual = page_of(client.get("/overview"))
    beside = rf"April 2026: dere {CHANGE} · scenekunst {CHANGE} · Oslo {CHANGE}\."
    assert 6 == len(re.findall(beside, usual.text))


def test_a_chosen_group_stands_alone(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/overview?period=2026-04&peers=network"))
    assert re.search(rf"Andre: hele nettverket {CHANGE}\.", found.text)
    assert "Andre: scenekunst" not in found.text


def test_what_is_withheld_of_groups_is_said_and_why(signed_in: Client, made: MadeUpCut) -> None:
    made.withheld = "dominance"
    found = page_of(signed_in("theatre").get("/overview?period=2026-04"))
    assert "Andre: scenekunst : · Oslo :." in found.text
    assert "24 tall er holdt tilbake: én eller to er nesten hele gruppen (24)." in found.text
    assert "/overview?period=2026-04&peers=network" in found.links
    # a year that is not over would not show more
    assert re.search(r"Dette kan vises i stedet:\s*Hele nettverket\s*Tallene er", found.text)
    figure = page_of(signed_in("theatre").get("/figures/tickets?period=2026-04"))
    assert "scenekunst : én eller to er nesten hele gruppen" in figure.text


def test_a_figures_page_leads_to_its_comparison(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/figures/tickets?period=2026-04"))
    assert re.search(rf"Mot året før: scenekunst {CHANGE} · Oslo {CHANGE}\.", found.text)
    assert "/compare/tickets?period=2026-04" in found.links
    new = page_of(signed_in("theatre").get("/figures/new_customers?period=2026-04"))
    assert "Mot året før:" not in new.text
    assert not any(link.startswith("/compare/new") for link in new.links)


def test_before_the_first_cut_ones_own_stand_alone(signed_in: Client, made: MadeUpCut) -> None:
    made.made = None
    found = page_of(signed_in("theatre").get("/overview?period=2026-04"))
    assert "scenekunst" not in found.text
    assert "Publiserte tall" not in found.text


def test_tables_that_are_not_equally_far_are_not_one_sentence(
    signed_in: Client, source: FakeSource
) -> None:
    client = signed_in("theatre")
    source.behind = {"visits": 33.0}
    found = page_of(client.get("/overview?period=2026-04"))
    assert "April 2026: tallene regnes fortsatt ut, og er ikke like langt." in found.text
    assert "av dem nye" not in found.text
    said = re.findall(r"Regnes fortsatt ut: med her er det som kom inn før 14:04:26\.", found.text)
    assert 3 == len(said)
    # the page is as old as the oldest on it
    assert "Oppdatert for 34 sekunder siden" in found.text
    # what is together to a few seconds goes together
    source.behind = {"visits": 4.0}
    assert "regnes fortsatt ut" not in page_of(client.get("/overview?period=2026-04")).text


@pytest.mark.parametrize("seconds", [None, 60.0])
def test_what_is_not_computed_yet_is_no_zero(
    signed_in: Client, source: FakeSource, seconds: float | None
) -> None:
    source.behind = {"kpi_daily": seconds}
    found = page_of(signed_in("past").get("/overview?period=2026-04&figures=tickets,orders"))
    assert "April 2026: tallene regnes fortsatt ut" in found.text
    said = "Ikke regnet ut ennå." if seconds is None else "Regnes fortsatt ut: med her er"
    assert said in found.text
    # of orders, which come from elsewhere, there were none
    assert 1 == len(re.findall(r'<p class="value">0<', _html(signed_in)))


def _html(signed_in: Client) -> str:
    text: str = signed_in("past").get("/overview?period=2026-04&figures=tickets,orders").text
    return text


def test_a_figures_page_says_that_it_is_behind(signed_in: Client, source: FakeSource) -> None:
    source.behind = {"kpi_daily": 90.0}
    found = page_of(signed_in("theatre").get("/figures/tickets?period=2026-04"))
    assert "Regnes fortsatt ut: med her er det som kom inn før 14:03:29." in found.text
