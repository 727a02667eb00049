"""One view is one question in the audit log, and everybody it was about is in it."""

import logging
from typing import Any

import pytest

from services.query.beside import Beside
from tests.support.cutting import MadeUpCut
from tests.unit.query.dashboard.conftest import Client

#: What each page is told to have asked: of which groups, and which measures and breakdowns of them.
VIEWS = {
    "/overview?period=2026-04": (
        "industry:scenekunst region:03",
        {"tickets", "unique_customers", "orders"},
        "",
    ),
    "/figures/tickets?period=2026-04": ("industry:scenekunst region:03", {"tickets"}, ""),
    "/audience?period=2026": (
        "industry:scenekunst",
        {"unique_customers", "tickets", "index"},
        "age_band gender county municipality centrality segment ticket_class",
    ),
    "/audience/gender?period=2026&peers=network": (
        "network",
        {"unique_customers", "index"},
        "gender",
    ),
    "/compare?period=2026": ("industry:scenekunst", {"tickets", "orders", "fees"}, ""),
    "/compare/fees?period=2026&peers=region": ("region:03", {"fees"}, ""),
    "/cross-use?period=2026": ("", {"shared"}, ""),
}


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_is_one_question(
    signed_in: Client, cuts: Beside, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = signed_in("theatre")
    with caplog.at_level(logging.INFO, "services.query.audit"):
        assert 200 == client.get(path).status_code
    [one] = cuts.auditor.waiting
    scope, measures, by = VIEWS[path]
    assert path.split("/")[1].partition("?")[0] == one.answer
    assert set(scope.split()) <= set(one.scope.split())
    assert measures <= set(one.measure.split())
    assert one.by.startswith(by)
    assert "theatre" == one.who.organisation
    assert one.cells > 0
    # nobody who is in the groups is left out, and what was withheld is counted
    assert {"border"} <= set(one.about)
    # in the made-up cut it is what is told apart, partners, and the middle of few
    few = one.answer == "cross-use" or "peers=region" in path
    assert bool(one.withheld) == (bool(by) or few)
    [record] = caplog.records
    assert (one.answer, one.scope) == (_extra(record, "answer"), _extra(record, "scope"))


@pytest.mark.parametrize("path", ["/now", "/overview", "/compare"])
def test_a_view_of_nothing_published_is_said_once(
    signed_in: Client, cuts: Beside, made: MadeUpCut, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    made.made = None
    client = signed_in("theatre")
    with caplog.at_level(logging.INFO, "services.query.audit"):
        assert 200 == client.get(path).status_code
    assert [] == cuts.auditor.waiting
    [record] = caplog.records
    expected = (path.removeprefix("/"), "organisation:theatre", "theatre")
    assert expected == tuple(_extra(record, name) for name in ("answer", "scope", "organisation"))


def test_each_view_stands_for_itself(signed_in: Client, cuts: Beside) -> None:
    client = signed_in("theatre")
    for _ in range(2):
        client.get("/audience/gender?period=2026")
    assert 2 == len(cuts.auditor.waiting)


def _extra(record: logging.LogRecord, name: str) -> Any:
    return vars(record)[name]
