"""Every page: whole, in both languages, from nowhere else, and saying what is so."""

import re
from collections import deque
from urllib.parse import urlsplit

import pytest

from kudos.breakdowns import BREAKDOWNS
from services.query.dashboard import choice
from services.query.measures import MEASURES
from services.query.periods import parse
from services.query.pool import Away
from services.query.question import Question
from tests.support.dashboard import FakeSource
from tests.support.html import Page
from tests.unit.query.dashboard.conftest import Client

WHO = ("theatre", "border", "empty", "free", "past")
PERIODS = (
    "2026-05-19",
    "2026-W20",
    "2026-05",
    "2026-Q2",
    "2026",
    "season-2025",
    "rolling-7@2026-05-19",
    "rolling-365@2026-05-19",
    "2026-05-01..2026-05-20",
    "2006-06-01..2026-05-20",
    "2031-01",
)
SPACE = "\u00a0"


def page_of(client_get: object) -> Page:
    """Read an answer as a page, which must be whole."""
    text: str = client_get.text  # type: ignore[attr-defined] # any client's answer
    found = Page(text)
    assert [] == found.wrong
    assert not re.search(r"\b(None|nan|inf|Markup|True|False)\b", found.text)
    return found


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("path", ["/now", "/overview", "/figures/tickets", "/figures/coverage"])
def test_every_page_is_whole(signed_in: Client, who: str, language: str, path: str) -> None:
    answer = signed_in(who, language).get(path)
    assert 200 == answer.status_code
    page_of(answer)
    assert f'<html lang="{language}"' in answer.text


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("path", ["/overview", "/figures/gross_revenue", "/figures/party_size"])
def test_every_kind_of_period_has_its_page(signed_in: Client, path: str, period: str) -> None:
    answer = signed_in("border").get(path, params={"period": period})
    assert 200 == answer.status_code
    page_of(answer)


@pytest.mark.parametrize("by", BREAKDOWNS)
@pytest.mark.parametrize("measure", MEASURES)
def test_every_figure_is_broken_down(signed_in: Client, measure: str, by: str) -> None:
    answer = signed_in("border").get(f"/figures/{measure}?by={by}&period=2026-05")
    assert 200 == answer.status_code
    found = page_of(answer)
    assert MEASURES[measure].definition["nb"] in found.text
    assert f"{measure}@1" in found.text
    assert BREAKDOWNS[by].name["nb"] in found.text
    wanted = f"measure={measure}&scope=organisation:border&period=2026-05&by={by}&format="
    assert 3 == sum(wanted in link for link in found.links)


@pytest.mark.parametrize("who", ["theatre", "empty", "operator"])
def test_no_link_leads_nowhere(signed_in: Client, who: str) -> None:
    """Follow every link to a page, up to what a person would."""
    client = signed_in(who)
    seen, waiting = {("/", "")}, deque(["/"])
    asked = 0
    while waiting and asked < 90:
        answer = client.get(waiting.popleft())
        asked += 1
        assert answer.status_code in {200, 303}
        links = [answer.headers["location"]] if answer.status_code == 303 else page_of(answer).links
        for link in links:
            parts = urlsplit(link)
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
            # each kind of page with each of its kinds of parameters once
            kind = re.sub("^/(figures|audience|compare)/.*", r"/\1/", parts.path)
            shapes = {(kind, name) for name in ("", *re.findall(r"([a-z]+)=", parts.query))}
            if parts.path and not parts.path.startswith("/v1/") and not shapes <= seen:
                seen |= shapes
                waiting.append(address)
    assert not waiting
    assert asked > (2 if who == "operator" else 10)


def test_a_frequency_is_shown_by_order_days(signed_in: Client, sales: FakeSource) -> None:
    asked = Question("visit_frequency", "theatre", parse("2026"), ("order_days",))
    [answer] = sales.ask_many([asked])
    many = {cell.by["order_days"]: int(cell.value or 0) for cell in answer.cells}
    assert {"1", "2", "3"} <= many.keys()
    for path in ("/figures/visit_frequency?period=2026", "/figures/visit_frequency?period=2026-05"):
        found = page_of(signed_in("theatre").get(path))
        assert "av kundene kom én gang." in found.text
        assert "2 dager" in found.text
    once = many["1"] / sum(many.values()) * 100
    text = page_of(signed_in("theatre").get("/figures/visit_frequency?period=2026")).text
    assert f"{once:.1f}".removesuffix(".0").replace(".", ",") + f"{SPACE}% av kundene" in text
    assert "Andel" in text
    # of days it says nothing, and says so
    assert "over flere måneder" in found.text
    assert "over flere måneder" not in text


def test_customers_stand_beside_their_records(signed_in: Client) -> None:
    found = page_of(signed_in("theatre").get("/overview?period=2026-04"))
    assert re.search(r", til [0-9 \u00a0]+ kunder, [0-9 \u00a0]+ av dem nye\.", found.text)
    for name in ("Unike kunder", "Kundeposter", "Nye kunder", "Tilbakevendende kunder"):
        assert name in found.text
    page = page_of(signed_in("theatre").get("/figures/unique_customers?period=2026-04"))
    assert re.search(r"kjenner dem som [0-9 \u00a0]+ kundeposter: 1,00 for hver", page.text)
    assert "kundeposter:" not in page_of(signed_in("theatre").get("/figures/tickets")).text
    assert " av dem nye" not in page_of(signed_in("theatre").get("/overview?figures=tickets")).text


def test_what_is_not_defined_is_no_zero(signed_in: Client) -> None:
    found = page_of(signed_in("free").get("/figures/average_ticket_price"))
    assert "Ikke definert: det er ingenting å dele på i perioden." in found.text
    assert " : " in found.text
    assert f"kr{SPACE}0" not in found.text
    assert "Kolon betyr at verdien ikke er definert." in found.text


def test_two_currencies_stand_apart(signed_in: Client, sales: FakeSource) -> None:
    found = page_of(signed_in("border").get("/overview?period=2026-04&figures=gross_revenue"))
    kroner, euro = (
        sum(
            line.price
            for day, lines in sales._lines["border"].items()  # noqa: SLF001 (its own truth)
            if (day.year, day.month) == (2026, 4)
            for line in lines
            if line.sale and line.currency == currency
        )
        for currency in ("NOK", "EUR")
    )
    for name, minor in (("kr", kroner), ("EUR", euro)):
        written = f"{round(minor / 100):,}".replace(",", SPACE)
        assert f" {name}{SPACE}{written} " in found.text
    assert kroner > euro > 0


def test_an_empty_house_is_told_how_to_begin(signed_in: Client) -> None:
    for path in ("/now", "/overview"):
        found = page_of(signed_in("empty", "en").get(path))
        assert "No sales yet" in found.text
        assert "POST /v1/hooks/homemade/empty" in found.text
        assert "kudos import homemade empty" in found.text


def test_a_quiet_period_leads_to_the_last_sale(signed_in: Client) -> None:
    client = signed_in("past")
    found = page_of(client.get("/overview"))
    assert f"Siste kjente salg var 4.{SPACE}januar{SPACE}1997." in found.text
    (link,) = [link for link in found.links if "1997-01" in link]
    assert "Ingen salg" not in page_of(client.get(link)).text.partition("Velg tall")[0]


def test_says_now_in_one_sentence(signed_in: Client, sales: FakeSource) -> None:
    totals = {f.measure: f.value for f in sales.pulse("theatre").totals}
    money = f"{(totals['gross_revenue'] or 0) // 100:,}"
    nb = page_of(signed_in("theatre").get("/now")).text
    en = page_of(signed_in("theatre", "en").get("/now")).text
    written = money.replace(",", SPACE)
    assert f"Solgt hittil i dag: {totals['tickets']} billetter for kr{SPACE}{written} \u2013 " in nb
    assert f"Sold so far today: {totals['tickets']} tickets for NOK{SPACE}{money} \u2013 " in en
    assert "vanlig en tirsdag." in nb
    assert "for 1 sekund siden" in nb


def test_filters_survive_a_change_of_page(signed_in: Client) -> None:
    asked = "period=2026-04&figures=tickets,coverage"
    found = page_of(signed_in("theatre").get(f"/overview?{asked}"))
    inside = [link for link in found.links if link.startswith(("/now", "/figures/", "/overview?"))]
    assert {f"/now?{asked}", f"/figures/tickets?{asked}"} <= set(inside)


def test_figures_chosen_are_remembered(signed_in: Client) -> None:
    client = signed_in("theatre")
    assert 8 == client.get("/overview").text.count('class="card figure"')
    client.get("/overview?figures=coverage&figures=fees&figures=no_such")
    remembered = client.get("/overview").text
    assert 2 == remembered.count('class="card figure"')
    assert "/figures/coverage" in remembered
    everything = ",".join(MEASURES)
    shown = client.get(f"/overview?figures={everything}").text.count('class="card figure"')
    assert choice.MOST == shown


def test_language_and_theme_are_remembered(signed_in: Client) -> None:
    client = signed_in("theatre")
    client.get("/overview?lang=en&theme=dark")
    text = client.get("/overview").text
    assert '<html lang="en" data-theme="dark">' in text


@pytest.mark.parametrize(
    ("form", "period"),
    [
        ("kind=week&day=2026-05-17", "2026-W20"),
        ("kind=rolling-90&day=2026-05-17", "rolling-90@2026-05-17"),
        ("from=2026-05-20&to=2026-05-01", "2026-05-01..2026-05-20"),
        ("from=2026-05-20&to=2026-05-20", "2026-05-20"),
    ],
)
def test_the_form_of_periods_becomes_an_address(signed_in: Client, form: str, period: str) -> None:
    answer = signed_in("theatre").get(f"/overview?figures=tickets&{form}")
    assert f"/overview?period={period}&figures=tickets" == answer.headers["location"]


@pytest.mark.parametrize("given", ["nonsense", "2026-13", "<script>", "2026-W99", "x" * 500])
def test_a_period_that_is_none_is_said(signed_in: Client, given: str) -> None:
    answer = signed_in("theatre").get("/overview", params={"period": given})
    assert 200 == answer.status_code
    assert "finnes ikke. Her er de siste 28 dagene." in page_of(answer).text


def test_days_that_are_none_lead_to_a_page_all_the_same(signed_in: Client) -> None:
    client = signed_in("theatre")
    for form in (
        "kind=day&day=nonsense",
        "from=1900-01-01&to=2026-01-01",
        "kind=day&day=9999-12-31",
    ):
        answer = client.get(f"/overview?{form}")
        assert 303 == answer.status_code
        assert 200 == client.get(answer.headers["location"]).status_code


def test_a_figure_that_is_none_says_which_there_are(signed_in: Client) -> None:
    answer = signed_in("theatre").get("/figures/no_such")
    assert 404 == answer.status_code
    assert {f"/figures/{name}" for name in MEASURES} <= set(page_of(answer).links)


def test_an_address_that_is_none_has_a_page_for_people_alone(signed_in: Client) -> None:
    client = signed_in("theatre")
    answer = client.get("/no/such", headers={"Accept": "text/html"})
    assert 404 == answer.status_code
    page_of(answer)
    for path, accept in (("/no/such", "*/*"), ("/v1/no", "text/html")):
        answer = client.get(path, headers={"Accept": accept})
        assert (404, False) == (answer.status_code, "<html" in answer.text)


def test_without_clickhouse_a_page_says_so(signed_in: Client, source: FakeSource) -> None:
    client = signed_in("theatre")
    source.fails = Away("gone")
    for path in ("/now", "/overview", "/figures/tickets"):
        answer = client.get(path)
        assert 503 == answer.status_code
        assert "Ingenting er tapt." in page_of(answer).text


def test_names_of_a_source_cannot_become_html(signed_in: Client) -> None:
    answer = signed_in("theatre").get("/figures/tickets?by=production")
    assert "Brand &lt;&amp; co&gt;" in answer.text
    assert "Brand <&" not in answer.text


def test_a_browser_is_told_what_it_may(signed_in: Client) -> None:
    client = signed_in("theatre")
    for path in ("/now", "/figures/no_such", "/"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "nosniff" == headers["x-content-type-options"]
        assert "same-origin" == headers["referrer-policy"]
        assert "no-store" in headers["cache-control"]


def test_what_a_page_loads_is_there_and_may_be_kept(signed_in: Client) -> None:
    client = signed_in("theatre")
    loaded = set(re.findall(r'"(/static/[^"]+)"', client.get("/now").text))
    assert 7 == len(loaded)
    for address in loaded:
        answer = client.get(address)
        assert 200 == answer.status_code
        assert "immutable" in answer.headers["cache-control"]
        # none asks for anything from elsewhere; an icon names its vocabulary, which is no address
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|@import|url\(", text)
    assert 404 == client.get("/static/x/../pages.py").status_code
    assert 404 == client.get("/static/x/__init__.py").status_code
