"""A sale that is pushed moves the page of its house, on the whole system and in a real browser."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import expect

from kudos.register import OSLO
from tests.support.browser import chromium
from tests.support.system import Running

pytestmark = [pytest.mark.kafka, pytest.mark.engine, pytest.mark.browser]

HOUSE = "provehuset"
PLAY = "Den lille prøven"


def sell(system: Running, number: str, quantity: int) -> None:
    """Push a sale of now."""
    sold_at = datetime.now(OSLO).isoformat(timespec="seconds")
    line = {"quantity": quantity, "unit_price": "250.00", "performance": {"production": PLAY}}
    sale = {"transaction": number, "version": 1, "sold_at": sold_at, "lines": [line]}
    assert 202 == system.push("homemade", HOUSE, sale).status_code


def test_a_pushed_sale_moves_the_page(system: Running) -> None:
    sell(system, "P-1", 1)
    system.wait_until_counted()
    with chromium() as browser:
        page = browser.new_context(locale="nb-NO").new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{system.addresses['query']}/")
        page.get_by_label("Nøkkel").fill(HOUSE)
        page.keyboard.press("Enter")
        page.wait_for_url("**/overview*")
        page.goto(f"{system.addresses['query']}/now")
        expect(page.locator("[data-on]")).to_be_visible()
        tile = page.locator("[data-part=tiles] .value").first
        before = int(re.sub(r"\D", "", tile.inner_text()))
        page.evaluate("window.stayed = true")
        sell(system, "P-2", 9)
        expect(tile).to_have_text(str(before + 9), timeout=20_000)
        expect(page.locator("main")).to_contain_text(PLAY)
        assert page.evaluate("window.stayed")
        today = datetime.now(OSLO).date()
        page.goto(f"{system.addresses['query']}/figures/tickets?period={today}&by=production")
        expect(page.locator("main")).to_contain_text(PLAY)
        assert all(url.startswith(system.addresses["query"]) for url in asked)
        browser.contexts[0].close()
