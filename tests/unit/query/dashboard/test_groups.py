"""The pages of what is published: one's own beside a group, and why not where it is not shown."""

import re

import pytest

from services.query.beside import BENCHMARKED, CROSS_USE, Beside
from services.query.cuts.benchmarks import MEASURES as COMPARED
from services.query.dashboard import peers
from services.query.matrix import PERSONAL, SHARED
from services.query.periods import parse
from services.query.vocabulary import VOCABULARY
from tests.support.cutting import MadeUpCut
from tests.support.dashboard import NOON
from tests.unit.query.dashboard.conftest import Client
from tests.unit.query.dashboard.test_pages import PERIODS, SPACE, page_of

PAGES = ("/audience", "/compare", "/cross-use", "/audience/age_band", "/compare/tickets")
COUNTED_TO = f"19.{SPACE}mai{SPACE}2026"


@pytest.mark.parametrize("who", ["theatre", "empty"])
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole(signed_in: Client, who: str, language: str, path: str) -> None:
    answer = signed_in(who, language).get(path)
    assert 200 == answer.status_code
    found = page_of(answer)
    assert (COUNTED_TO if language == "nb" else f"19{SPACE}May{SPACE}2026") in found.text


@pytest.mark.parametrize("why", ["too_few_persons", "too_few_organisations", "dominance", "time"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_on_which_all_is_withheld_is_whole(
    signed_in: Client, made: MadeUpCut, path: str, why: str
) -> None:
    made.withheld = why
    found = page_of(signed_in("theatre").get(path))
    assert "holdt tilbake" in found.text or "vises ikke" in found.text
    assert "Det er ikke null." in found.text
    # of one's own live sales some may be none
    assert path == "/audience" or not re.search(rf"\b0{SPACE}%", found.text)


@pytest.mark.parametrize("path", PAGES)
def test_before_the_first_cut_a_page_says_how_to_have_one(
    signed_in: Client, made: MadeUpCut, path: str
) -> None:
    made.made = None
    answer = signed_in("theatre").get(path)
    assert 200 == answer.status_code
    found = page_of(answer)
    assert "Ingenting er publisert ennå" in found.text
    assert "kudos publish" in found.text


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("path", ["/audience/county", "/compare/tickets", "/cross-use"])
def test_every_kind_of_period_has_its_page(signed_in: Client, path: str, period: str) -> None:
    answer = signed_in("theatre").get(path, params={"period": period})
    assert 200 == answer.status_code
    found = page_of(answer)
    kinds = ("month", "year", "season") + (("quarter",) if path != "/cross-use" else ())
    published = parse(period).kind in kinds or (path, period[:11]) == ("/cross-use", "rolling-365")
    if not published or period.startswith("rolling"):
        assert "er ikke publisert for grupper. Her er " in found.text


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("2026-05-17", "2026-05"),
        ("2026-W20", "2026-05"),
        ("rolling-28@2026-05-19", "2026-05"),
        ("rolling-90@2026-05-19", "2026-Q2"),
        ("rolling-365@2026-05-19", "2026"),
        ("rolling-365@2026-04-30", "2026"),
        ("2026-01-01..2026-02-20", "2026-Q1"),
        ("2019-01-01..2026-02-20", "2026"),
        ("season-2025", "season-2025"),
        ("2031-W05", "2031-01"),
    ],
)
def test_a_period_that_is_not_published_becomes_one_that_is(chosen: str, shown: str) -> None:
    assert shown == peers.period(parse(chosen), BENCHMARKED, NOON.date(), given=True).id


def test_cross_use_is_of_years_that_end_with_a_month_too() -> None:
    chosen = parse("rolling-365@2026-04-30")
    assert chosen == peers.period(chosen, CROSS_USE, NOON.date(), given=True)
    for other in ("rolling-365@2026-04-29", "rolling-28@2026-04-30"):
        found = peers.period(parse(other), CROSS_USE, NOON.date(), given=True)
        assert "rolling" != found.kind


def test_without_a_period_the_longer_of_year_and_season_is_shown() -> None:
    usual = parse("rolling-28@2026-05-19")
    assert "season-2025" == peers.period(usual, BENCHMARKED, NOON.date(), given=False).id
    late = NOON.date().replace(month=11)
    assert "2026" == peers.period(usual, BENCHMARKED, late, given=False).id


def test_shares_stand_beside_the_groups_and_their_index(
    signed_in: Client, cuts: Beside, made: MadeUpCut
) -> None:
    found = made.cells("organisation:theatre", "season-2025", ("age_band",))
    whole = made.cells("organisation:theatre", "season-2025", ())["customers", ()].value
    mine = found["customers", ("25-34",)].value
    assert mine
    assert whole
    text = page_of(signed_in("theatre").get("/audience/age_band?period=season-2025")).text
    # of fewer than a thousand persons in whole per cents
    share = f"{100 * mine / whole:.0f}{SPACE}%"
    assert re.search(rf"25\u201334 år\s*{mine}\s*{share}", text)
    assert "Indeks" in text
    assert "95 %-intervall" in text
    assert re.search(r"\d+\u2013\d+", text)
    asked = {(one.scope, one.measure) for one in cuts.auditor.waiting}
    assert ("organisation:theatre", "index") in asked
    assert ("industry:scenekunst", "unique_customers") in asked


def test_what_is_withheld_is_a_colon_with_why_and_leads_to_a_wider_group(
    signed_in: Client,
) -> None:
    found = page_of(signed_in("theatre").get("/audience/age_band?period=2026"))
    assert ": for få personer" in found.text
    assert ": ville røpet et annet tall" in found.text
    assert "4 tall er holdt tilbake: for få personer (2), ville røpet et annet tall (2)." in (
        found.text
    )
    assert "/audience/age_band?period=2026&peers=network" in found.links


def test_a_group_that_was_not_computed_says_which_is(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/audience/age_band?period=2026&peers=city"))
    assert "for få virksomheter" in found.text
    assert "/audience/age_band?period=2026&peers=region" in found.links
    assert "virksomheter bidrar" not in found.text


def test_ones_own_that_is_withheld_leads_to_a_longer_period(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/audience/age_band?period=2026-05"))
    assert "/audience/age_band?period=2026" in found.links
    assert "/audience/age_band?period=season-2025" in found.links


@pytest.mark.parametrize("by", [*PERSONAL, *SHARED])
def test_every_breakdown_has_its_own_page(signed_in: Client, by: str) -> None:
    found = page_of(signed_in("theatre").get(f"/audience/{by}?period=2026"))
    assert VOCABULARY[by].name["nb"] in found.text
    assert VOCABULARY[by].definition["nb"] in found.text
    measure = "unique_customers" if by in PERSONAL else "tickets"
    for form in ("csv", "parquet", "json"):
        wanted = f"/v1/figures?period=2026&by={by}&measure={measure}&scope=industry:scenekunst"
        assert f"{wanted}&format={form}" in found.links
    assert f"http://testserver/audience/{by}?period=2026&peers=industry" in found.links


@pytest.mark.parametrize("measure", COMPARED)
def test_every_benchmark_has_its_own_page(signed_in: Client, measure: str) -> None:
    found = page_of(signed_in("theatre").get(f"/compare/{measure}?period=2026&peers=network"))
    assert f"{measure}@1" in found.text
    assert "I øverste fjerdedel. Midten blant 10 i hele nettverket er" in found.text
    assert f"/v1/benchmark?period=2026&measure={measure}&peers=network&format=csv" in found.links


def test_a_median_is_shown_from_five_and_quarters_from_ten(signed_in: Client) -> None:
    client = signed_in("theatre")
    ten = page_of(client.get("/compare?period=2026&peers=network")).text
    assert "Over midten på 12 av 12 mål, blant 10 i hele nettverket." in ten
    assert "I øverste fjerdedel: ordrer, billetter, refunderte billetter." in ten
    assert "4 / 4" in ten
    six = page_of(client.get("/compare?period=2026")).text
    assert "Over midten på 12 av 12 mål, blant 6 i scenekunst." in six
    assert "fjerdedel:" not in six
    assert "/ 4" not in six
    few = page_of(client.get("/compare?period=2026&peers=region"))
    assert "Midten i Oslo er holdt tilbake." in few.text
    assert "/compare?period=2026&peers=network" in few.links


def test_nobody_elses_own_figure_is_on_the_page(signed_in: Client) -> None:
    text = page_of(signed_in("border").get("/compare/orders?period=2026&peers=network")).text
    assert "I nederste fjerdedel." in text
    assert "700" not in text


def test_cross_use_names_who_agreed_and_withholds_who_is_few(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/cross-use?period=2026"))
    assert f"15{SPACE}% av kundene har også vært hos Border og Scene." in found.text
    assert f"15{SPACE}%, 30{SPACE}% av deres" in found.text
    assert ": for få personer: Free og Scene." in found.text
    assert ": for få virksomheter: Vestland." in found.text
    assert "Andre, som ikke nevnes" in found.text
    assert "800 kjente kunder" in found.text
    assert "/v1/cross-use?period=2026&format=csv" in found.links
    # lift stands there only where the answer has it
    assert "Løft" not in found.text


def test_what_was_chosen_survives_a_change_of_page(signed_in: Client) -> None:
    asked = "period=2026-04&peers=network"
    for path in ("/overview", "/compare/tickets"):
        links = page_of(signed_in("theatre").get(f"{path}?{asked}")).links
        for other in ("/now", "/overview", "/audience", "/cross-use", "/compare"):
            assert f"{other}?{asked}" in links


@pytest.mark.parametrize("path", ["/audience/no_such", "/compare/no_such", "/compare/coverage"])
def test_a_figure_that_is_none_says_which_there_are(signed_in: Client, path: str) -> None:
    answer = signed_in("theatre").get(path)
    assert 404 == answer.status_code
    base = path.rpartition("/")[0]
    assert any(link.startswith(f"{base}/") for link in page_of(answer).links)


@pytest.mark.parametrize("peers_", ["nonsense", "organisation:border", "<b>"])
def test_peers_that_are_none_are_the_usual(signed_in: Client, peers_: str) -> None:
    answer = signed_in("theatre").get("/compare/tickets", params={"peers": peers_})
    assert 200 == answer.status_code
    assert "i scenekunst er" in page_of(answer).text


@pytest.mark.parametrize("path", PAGES)
def test_nobody_but_an_organisation_sees_them(signed_in: Client, path: str) -> None:
    answer = signed_in("operator").get(path)
    assert (303, "/operations") == (answer.status_code, answer.headers["location"])
