"""*Drift*: an operator's alone, whole in both languages, and without anybody's sales."""

import html
import re

import pytest
from starlette.testclient import TestClient

from services.query.dashboard import operations
from services.query.dashboard.wording import texts
from services.query.pool import Away
from tests.support import operations as running
from tests.support.dashboard import NOON, FakeSource, register
from tests.support.html import Page
from tests.unit.query.dashboard.conftest import Client


def text_of(client: TestClient) -> str:
    """Return what the page says; it must be whole."""
    answer = client.get("/operations")
    assert 200 == answer.status_code
    found = Page(answer.text)
    assert [] == found.wrong
    assert not re.search(r"\b(None|nan|inf|Markup|True|False|Label)\b", found.text)
    return found.text


def rows_of(client: TestClient) -> list[str]:
    """Return the rows of all tables, cells apart."""
    rows = re.findall(r"<tr>(.*?)</tr>", client.get("/operations").text, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [" | ".join(row) for row in cells]


@pytest.fixture(autouse=True)
def sound(source: FakeSource) -> None:
    source.running = None


@pytest.mark.parametrize("path", ["/", "/overview", "/now", "/figures/tickets"])
def test_an_operator_lands_there_from_anywhere(signed_in: Client, path: str) -> None:
    answer = signed_in("operator").get(path)
    assert (303, "/operations") == (answer.status_code, answer.headers["location"])


@pytest.mark.parametrize("who", ["theatre", "border", "empty"])
def test_an_organisation_sees_nothing_of_it(signed_in: Client, who: str) -> None:
    client = signed_in(who)
    answer = client.get("/operations")
    assert 404 == answer.status_code
    assert "transaksjon" not in answer.text
    assert "/operations" not in client.get("/overview").text


def test_who_is_not_signed_in_is_asked_to(visitor: TestClient) -> None:
    answer = visitor.get("/operations")
    assert (303, "/sign-in?to=/operations") == (answer.status_code, answer.headers["location"])


def test_an_operator_is_served_no_figures(signed_in: Client) -> None:
    text = signed_in("operator").get("/operations").text
    assert "/figures/" not in text
    assert "/overview" not in text
    assert "kr\u00a0" not in text
    assert 401 == signed_in("operator").get("/now/stream").status_code


@pytest.mark.parametrize(("language", "whole"), [("nb", "gjort rede for"), ("en", "accounted for")])
def test_data_that_are_whole_need_nobody(
    signed_in: Client, source: FakeSource, language: str, whole: str
) -> None:
    source.running = running.whole(NOON)
    client = signed_in("operator", language)
    assert whole in text_of(client)
    assert 'class="warning"' not in client.get("/operations").text


def test_trouble_is_said_and_marked(signed_in: Client) -> None:
    client = signed_in("operator", "en")
    text = text_of(client)
    assert "2 transactions are not accounted for." in text
    assert "3 transactions could not be read or counted, and lie dead." in text
    told = [html.unescape(row).replace("\u00a0", " ") for row in rows_of(client)]
    day = "Theatre og Scene | tixly | transactions.received | a field is wrong | 17 May 2026 | "
    replay = "kudos dead-letters replay --organisation theatre --vendor tixly "
    replay += "--topic transactions.received --reason invalid_field | 2"
    assert day + replay in told
    assert (
        "Border og Scene | homemade | 2 hours ago | cannot be read | body | "
        "kudos sources resume homemade border"
    ) in told
    assert "Nothing is taken from 1 source: too much in a row was refused." in text
    assert "Look for what holds up \u201cwho was where\u201d: last in step 2 hours ago." in text
    assert "Accepted is not counted + dead + erased." in text
    # tables, ledger, stopped sources and letters
    assert 4 == client.get("/operations").text.count('class="warning"')


def test_each_source_has_its_label_and_its_last_delivery(signed_in: Client) -> None:
    client = signed_in("operator", "en")
    assert {
        "Theatre og Scene | tixly | seen in code | is sent here | 5 seconds ago",
        "Border og Scene | homemade | documented | not in the register | 1 day ago",
        "Past og Scene | ebillett | seen in code | is read from files | never",
        "Theatre og Scene | tagtool | assumed | profiles | 3 days ago",
    } <= set(rows_of(client))
    assert "1 source in the register has not delivered yet." in text_of(client)


def test_quality_stands_by_source_and_basis(signed_in: Client) -> None:
    client = signed_in("operator", "en")
    assert {
        "Theatre og Scene | tixly | declared | 12.5% | \u2013 | 90% | \u2013",
        "Theatre og Scene | the given name | inferred | 70% | \u2013 | \u2013 | \u2013",
    } <= set(rows_of(client))
    assert "Lowest at Border og Scene: the customer is known for 50% of the tickets" in text_of(
        client
    )


@pytest.mark.parametrize("language", ["nb", "en"])
def test_of_nothing_each_part_says_so(signed_in: Client, source: FakeSource, language: str) -> None:
    source.running = running.nothing()
    text_of(signed_in("operator", language))
    empty = type(register())({}, {}, {})
    page = operations.page(texts(language), running.nothing(), empty, NOON)
    assert 7 == len(page.sections)
    assert all(section.table is None and section.sentence for section in page.sections)
    assert not any(section.act for section in page.sections)


def test_without_clickhouse_it_says_so(signed_in: Client, source: FakeSource) -> None:
    client = signed_in("operator")
    source.fails = Away("gone")
    assert 503 == client.get("/operations").status_code
