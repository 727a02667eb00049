"""The page of the network's role: any group's published figures, and nobody's own."""

import re

import pytest

from services.query.beside import Beside
from tests.support.cutting import MadeUpCut
from tests.unit.query.dashboard.conftest import Client
from tests.unit.query.dashboard.test_pages import PERIODS, SPACE, page_of


def test_the_network_is_at_home_at_groups(signed_in: Client) -> None:
    for path in ("/", "/overview", "/audience", "/compare", "/cross-use", "/now"):
        answer = signed_in("network").get(path)
        assert (303, "/groups") == (answer.status_code, answer.headers["location"]), path


@pytest.mark.parametrize("who", ["theatre", "operator"])
def test_nobody_else_has_the_page(signed_in: Client, who: str) -> None:
    assert 404 == signed_in(who).get("/groups").status_code


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("period", PERIODS)
def test_the_page_is_whole(signed_in: Client, language: str, period: str) -> None:
    answer = signed_in("network", language).get("/groups", params={"period": period})
    assert 200 == answer.status_code
    found = page_of(answer)
    assert ("Nettverket" if language == "nb" else "The network") in found.text


def test_figures_are_those_of_the_cut_and_nobodys_own(
    signed_in: Client, cuts: Beside, made: MadeUpCut
) -> None:
    found = page_of(signed_in("network").get("/groups?period=2026&scope=region:03"))
    tickets = made.cells("region:03", "2026", ())["tickets", ()].value
    written = f"{tickets:,}".replace(",", SPACE)
    assert re.search(rf"Billetter\s*{written}", found.text)
    assert ": for få personer" in found.text
    assert "og Scene" not in found.text
    scopes = {"network", "industry:scenekunst", "region:03"}
    assert {f"/groups?period=2026&scope={one}" for one in scopes} <= set(found.links)
    wanted = "/v1/figures?measure=unique_customers&scope=region:03&period=2026&by=age_band"
    assert f"{wanted}&format=csv" in found.links
    [one] = cuts.auditor.waiting
    assert ("groups", "region:03", None) == (one.answer, one.scope, one.who.organisation)


@pytest.mark.parametrize("scope", ["organisation:theatre", "city:0301", "<b>", ""])
def test_a_group_that_there_is_not_is_the_network(signed_in: Client, scope: str) -> None:
    answer = signed_in("network").get("/groups", params={"scope": scope})
    assert 200 == answer.status_code
    assert "Hele nettverket" in page_of(answer).text
    assert "Theatre" not in page_of(answer).text


def test_where_all_is_withheld_or_nothing_published_it_says_so(
    signed_in: Client, made: MadeUpCut
) -> None:
    made.withheld = "dominance"
    text = page_of(signed_in("network").get("/groups?period=2026")).text
    assert "holdt tilbake" in text
    assert not re.search(rf"\b0{SPACE}%", text)
    made.made = None
    assert "Ingenting er publisert ennå" in page_of(signed_in("network").get("/groups")).text
