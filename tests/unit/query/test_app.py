"""What who asks is answered, and what is refused, by HTTP."""

import asyncio
import csv
import io
import logging
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from services.query import app
from services.query.asking import may_be_asked
from services.query.customers import EVERY_BREAKDOWN
from services.query.matrix import PERSONAL
from services.query.measures import MEASURES
from services.query.periods import FORMS
from services.query.pool import Away
from services.query.tokens import Asker
from services.query.vocabulary import VOCABULARY
from tests.support.asking import Service, register

ASKED = {"measure": "tickets", "scope": "organisation:huset", "period": "2026-05"}
#: What a question outside the matrix is told.
EVERYTHING = ("measures", "scopes", "periods", "breakdowns")
EVERYWHERE = ("/v1/figures", "/v1/live", "/v1/status", "/v1/measures", "/v1/breakdowns")


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def figures(**changed: str | None) -> str:
    """Return the address of a question."""
    asked = {name: value for name, value in (ASKED | changed).items() if value is not None}
    return f"/v1/figures?{urlencode(asked)}"


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    told: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= told.keys()
    assert status == told["status"]
    return told


async def test_a_figure_is_answered_as_the_interface_says(service: Service) -> None:
    answer = await service.get(figures(by="channel,venue"))
    assert 200 == answer.status_code
    assert {
        "definition": "tickets@1",
        "scope": "organisation:huset",
        "period": {"id": "2026-05", "from": "2026-05-01", "to": "2026-05-31"},
        "as_of": "2026-05-20T12:00:03Z",
        "organisations": 1,
        "coverage": None,  # 13 tickets, 14 refunded
        "unit": "tickets",
        "kind": "live",
        "cells": [
            {"by": {"channel": "a", "venue": "a"}, "value": 13},
            {"by": {"channel": "b", "venue": "b"}, "value": 13},
        ],
    } == answer.json()
    [question] = service.answers.asked
    assert ("tickets", "huset", ("channel", "venue")) == (
        question.measure,
        question.organisation,
        question.by,
    )
    assert "private, no-store" == answer.headers["cache-control"]


async def test_money_has_its_currency_on_the_cell(service: Service) -> None:
    answer = await service.get(figures(measure="net_revenue"))
    [found] = answer.json()["cells"]
    assert "NOK" == found["currency"]
    assert isinstance(found["value"], int)
    assert "minor_units" == answer.json()["unit"]


async def test_what_is_undefined_is_null_and_says_so(service: Service) -> None:
    # 13 tickets, 14 refunded: the denominator is below 0
    answer = await service.get(figures(measure="coverage"))
    assert [{"by": {}, "value": None, "why": "undefined"}] == answer.json()["cells"]


@pytest.mark.parametrize("path", [*EVERYWHERE, "/v1/organisations"])
@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer ", "Bearer wrong", "Basic huset", "huset", "Bearer " + "x" * 9999],
)
async def test_who_is_nobody_is_asked_for_a_token(
    service: Service, path: str, header: str | None
) -> None:
    sent = {} if header is None else {"Authorization": header}
    answer = await service.get(path, None, sent)
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert ("error=" in answer.headers["www-authenticate"]) == (header is not None)


@pytest.mark.parametrize("path", [figures(), "/v1/live"])
@pytest.mark.parametrize("token", ["operator", "network"])
async def test_roles_without_figures_get_none(service: Service, path: str, token: str) -> None:
    is_problem(await service.get(path, token), 403)
    assert not service.answers.asked
    assert not service.answers.looks


async def test_nothing_tells_whether_another_organisation_exists(service: Service) -> None:
    there = await service.get(figures(scope="organisation:naboen"))
    not_there = await service.get(figures(scope="organisation:ingen"))
    told = is_problem(there, 403)
    assert told == is_problem(not_there, 403)
    assert "organisation:huset" == told["may_ask"]["scopes"][0]
    assert "naboen" not in str(told)
    assert "naboen" not in (await service.get("/v1/organisations")).text
    assert not service.answers.asked


async def test_each_sees_its_own(service: Service) -> None:
    answer = await service.get(figures(scope="organisation:naboen"), "naboen")
    assert "organisation:naboen" == answer.json()["scope"]
    live = await service.get("/v1/live", "naboen")
    assert "naboen" == live.json()["organisation"]
    assert ["naboen"] == service.answers.looks


async def test_a_token_that_the_register_no_longer_has_is_nobodys(
    service: Service, tmp_path: Path
) -> None:
    assert 200 == (await service.get(figures())).status_code
    register(tmp_path, ["naboen"])
    is_problem(await service.get(figures()), 401)


@pytest.mark.parametrize(
    ("changed", "status", "name"),
    [
        ({"measure": "retention_12"}, 422, "measures"),
        ({"measure": "index"}, 422, EVERYTHING),
        ({"base": "industry"}, 400, None),
        ({"measure": ""}, 400, None),
        ({"scope": "industry:opera"}, 422, "scopes"),
        ({"scope": "region:3"}, 422, "scopes"),
        ({"scope": "network:"}, 422, "scopes"),
        ({"scope": "network", "by": "venue"}, 422, EVERYTHING),
        ({"scope": "network", "period": "2026-05-01..2026-05-03"}, 422, EVERYTHING),
        ({"scope": "network", "measure": "visit_frequency"}, 422, EVERYTHING),
        ({"scope": "organisation"}, 422, "scopes"),
        ({"scope": "organisation:naboen"}, 403, "scopes"),
        ({"scope": "organisation:huset "}, 403, "scopes"),
        ({"period": "2026-13"}, 400, "periods"),
        ({"period": None}, 400, "parameters"),
        ({"scope": None}, 400, "parameters"),
        ({"by": "age_band", "period": "2026-05-17"}, 422, EVERYTHING),
        ({"by": "channel,gender"}, 422, EVERYTHING),
        ({"by": "order_days"}, 422, EVERYTHING),
        ({"by": "channel,channel"}, 400, "breakdowns"),
        ({"by": "channel,venue,production"}, 400, "breakdowns"),
        ({"by": "channel,"}, 422, "breakdowns"),
        ({"by": ""}, 400, None),
        ({"format": "xml"}, 400, "formats"),
        ({"peers": "industry"}, 400, "parameters"),
        ({"by": "x" * 200}, 400, None),
    ],
)
async def test_what_may_not_be_asked_is_refused_with_what_may(
    service: Service,
    changed: dict[str, str | None],
    status: int,
    name: str | tuple[str, ...] | None,
) -> None:
    told = is_problem(await service.get(figures(**changed)), status)
    names = [name] if isinstance(name, str) else list(name or ())
    assert names == list(told.get("may_ask", {}))
    assert not service.answers.asked


@pytest.mark.parametrize("by", [*PERSONAL, "gender,channel", "channel,county"])
@pytest.mark.parametrize("measure", ["unique_customers", "tickets"])
async def test_a_personal_attribute_is_published_at_cuts_and_not_live(
    service: Service, measure: str, by: str
) -> None:
    period = "2026" if by == "municipality" else "2026-05"
    answer = await service.get(figures(measure=measure, by=by, period=period))
    if "," in by or (by == "municipality" and measure == "tickets"):
        is_problem(answer, 422)
    else:
        assert "published" == answer.json()["kind"]
    assert not service.answers.asked


async def test_a_frequency_is_told_apart_by_order_days(service: Service) -> None:
    answer = await service.get(figures(measure="visit_frequency", by="order_days"))
    assert "persons" == answer.json()["unit"]
    assert {"order_days"} == answer.json()["cells"][0]["by"].keys()
    told = is_problem(await service.get(figures(measure="visit_frequency", by="gender")), 422)
    assert "order_days" in told["may_ask"]["breakdowns"]
    assert "unique_customers" in told["may_ask"]["measures"]


async def test_a_parameter_that_stands_twice_is_refused(service: Service) -> None:
    is_problem(await service.get(figures() + "&measure=orders"), 400)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/figures/"])
async def test_what_is_not_there_yet_says_what_is(service: Service, path: str) -> None:
    told = is_problem(await service.get(path), 404)
    assert may_be_asked() == told["may_ask"]
    assert {*MEASURES} < {*told["may_ask"]["measures"]}
    assert {*EVERY_BREAKDOWN, *PERSONAL} < {*told["may_ask"]["breakdowns"]}
    assert [*FORMS.values()] == told["may_ask"]["periods"]


async def test_other_methods_and_addresses_are_problems(service: Service) -> None:
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://query") as http:
        answer = await http.post("/v1/figures")
        is_problem(answer, 405)
        assert "GET" in answer.headers["allow"]
        is_problem(await http.get("/nothing"), 404)


_WORD = st.text(max_size=30) | st.sampled_from(
    ["tickets", "organisation:huset", "2026-05", "channel", "0", "null", "\x00", "%", "json", "é"]
)
_NAMES = st.sampled_from(["measure", "scope", "period", "by", "format", "peers", ""])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(_NAMES | _WORD, _WORD), max_size=7),
    st.dictionaries(st.sampled_from(sorted(ASKED)), _WORD, max_size=3),
    st.binary(max_size=20),
)
async def test_no_parameters_are_a_fault_of_ours(
    service: Service, extra: list[tuple[str, str]], changed: dict[str, str], raw: bytes
) -> None:
    text = urlencode([*(ASKED | changed).items(), *extra], errors="replace")
    for query in (text, "".join(f"%{byte:02x}" for byte in raw), text + "&by=%ff%fe"):
        for path in ("/v1/figures", "/v1/live", "/v1/status"):
            answer = await service.get(f"{path}?{query}")
            if answer.status_code != 200:
                assert answer.status_code in {400, 403, 406, 422}, answer.text
                is_problem(answer, answer.status_code)


async def test_a_figure_as_csv(service: Service) -> None:
    service.answers.values = ("=HYPERLINK(1)", "b")
    answer = await service.get(figures(by="production"), headers={"Accept": "text/csv"})
    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    name = 'attachment; filename="tickets_2026-05_production.csv"'
    assert name == answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert ["b", "'=HYPERLINK(1)"] == sorted(row["production"] for row in rows)[::-1]
    assert {"13"} == {row["value"] for row in rows}
    assert {"2026-05-20T12:00:03Z"} == {row["as_of"] for row in rows}


@pytest.mark.parametrize(
    ("measure", "kind"), [("tickets", "int64"), ("party_size", "double"), ("fees", "int64")]
)
async def test_a_figure_as_parquet(service: Service, measure: str, kind: str) -> None:
    answer = await service.get(figures(measure=measure, format="parquet"))
    table = pq.read_table(io.BytesIO(answer.content))
    assert kind == str(table.schema.field("value").type)
    assert 1 == table.num_rows
    columns = "definition scope period from to value unit currency why try as_of organisations"
    assert [*columns.split(), "coverage", "kind"] == table.column_names


@pytest.mark.parametrize("path", [*EVERYWHERE[1:], "/v1/organisations"])
@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
async def test_every_answer_has_every_form(service: Service, path: str, form: str) -> None:
    answer = await service.get(f"{path}?format={form}")
    assert 200 == answer.status_code
    types = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
    assert types.get(form, "application/vnd.apache.parquet") == answer.headers["content-type"]
    assert answer.content


async def test_the_catalogue_is_what_may_be_asked(service: Service) -> None:
    measures = (await service.get("/v1/measures", "operator")).json()["measures"]
    assert [*MEASURES] == [entry["id"] for entry in measures]
    assert {"nb", "en"} == measures[0]["definition"].keys()
    breakdowns = (await service.get("/v1/breakdowns", "network")).json()["breakdowns"]
    assert [*VOCABULARY] == [entry["id"] for entry in breakdowns]
    for entry in measures:
        assert 200 == (await service.get(figures(measure=entry["id"]))).status_code
    for entry in breakdowns:
        if entry["id"] not in EVERY_BREAKDOWN:
            continue
        asked = figures(measure="visit_frequency", by=entry["id"])
        assert 200 == (await service.get(asked)).status_code


async def test_organisations_are_listed_to_those_without_one(service: Service) -> None:
    for token, ids in (("huset", ["huset"]), ("operator", ["huset", "naboen"])):
        found = (await service.get("/v1/organisations", token)).json()["organisations"]
        assert ids == [entry["id"] for entry in found]
        assert {"id", "name", "industry", "county", "city"} == found[0].keys()


async def test_every_token_may_read_the_status_and_the_operator_the_ledger(
    service: Service,
) -> None:
    for token in ("huset", "network", "operator"):
        told = (await service.get("/v1/status", token)).json()
        assert "2026-05-20T12:00:03Z" == told["watermark"]
        assert 0.5 == told["lag_seconds"]
        assert {"sales_live", "kpi_daily", "facts"} == told["families"].keys()
        assert ("ledger" in told) == (token == "operator")
    [account] = told["ledger"]["organisations"]
    assert ("huset", 5, 0) == (account["organisation"], account["accepted"], account["difference"])


async def test_clickhouse_away_is_said_and_passes(service: Service) -> None:
    service.answers.error = Away("it is away")
    for path in (figures(), "/v1/live", "/v1/status"):
        answer = await service.get(path)
        is_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    assert 503 == (await service.get("/readyz")).status_code
    service.answers.error = None
    assert 200 == (await service.get(figures())).status_code


async def test_a_fault_of_ours_quotes_nothing(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers.error = DatabaseError("SELECT 'Kari Nordmann'")
    told = is_problem(await service.get(figures()), 500)
    assert "Nordmann" not in str(told)


async def test_who_was_answered_what_is_in_the_audit_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "services.query.audit"):
        await service.get(figures(by="channel"))
        await service.get(figures(by="Kari Nordmann"))
        await service.get(figures(), "a wrong token")
    answered, refused, nobody = (vars(record) for record in caplog.records)
    assert ("answered", "organisation", "huset") == (
        answered["message"],
        answered["role"],
        answered["organisation"],
    )
    assert ("tickets", "2026-05", "channel", 2) == tuple(
        answered[name] for name in ("measure", "period", "by", "cells")
    )
    assert ("refused", "huset", 422) == tuple(
        refused[name] for name in ("message", "organisation", "status")
    )
    assert 401 == nobody["status"]
    written = "".join(str(vars(record)) for record in caplog.records)
    for sent in ("Nordmann", "a wrong token", "'value'"):
        assert sent not in written


async def test_another_way_may_tell_who_asks(tmp_path: Path) -> None:
    def cookie(request: Request) -> Asker | None:
        known = request.cookies.get("session") == "of huset"
        return Asker("organisation", "huset", "session") if known else None

    service = Service(tmp_path, [cookie])
    session = {"Cookie": "session=of huset"}
    assert 200 == (await service.get(figures(), None, session)).status_code
    is_problem(await service.get(figures(), None, {"Cookie": "session=no"}), 401)
    # a wrong token is refused whoever is signed in
    is_problem(await service.get(figures(), "wrong", session), 401)


async def test_probes_and_metrics_need_no_token(service: Service) -> None:
    assert 200 == (await service.get("/healthz", None)).status_code
    # it is ready once its tables are
    assert 503 == (await service.get("/readyz", None)).status_code
    async with service.app.router.lifespan_context(service.app):
        deadline = time.monotonic() + 10
        while 200 != (await service.get("/readyz", None)).status_code:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)  # others have their turn
    await service.get(figures())
    metrics = (await service.get("/metrics", None)).text
    assert 'kudos_step_seconds_count{service="query",step="figures"}' in metrics.replace(
        'step="figures",service="query"', 'service="query",step="figures"'
    )


async def test_who_listens_is_cut_off_with_the_token(service: Service, tmp_path: Path) -> None:
    listening = asyncio.create_task(
        service.get("/v1/live", headers={"Accept": "text/event-stream"})
    )
    deadline = time.monotonic() + 10
    while not service.answers.looks:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)  # between two looks, with a deadline
    register(tmp_path, ["naboen"])
    answer = await asyncio.wait_for(listening, 10)
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert answer.text.startswith("event: live")


async def test_too_many_who_listen_are_told_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MOST_LISTENERS", 0)
    answer = await service.get("/v1/live", headers={"Accept": "text/event-stream"})
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


async def test_before_the_first_cut_it_is_said_that_there_is_none(service: Service) -> None:
    asked = ("/v1/benchmark?measure=tickets&period=2026", "/v1/cross-use?period=2026")
    for path in (figures(scope="network"), *asked):
        assert 200 == (await service.get(path)).status_code
    service.beside.reader.made = None  # type: ignore[attr-defined]  # it is the made-up one
    for path in (figures(scope="network"), *asked):
        assert "cuts" in is_problem(await service.get(path), 503)["detail"]


async def test_a_benchmark_shows_ones_own_value_and_nobody_elses(service: Service) -> None:
    answer = await service.get("/v1/benchmark?measure=tickets&period=2026&peers=network")
    told = answer.json()
    assert (5.0, 8.0, [4.0, 16.0], 2) == tuple(
        told[name] for name in ("own", "median", "quartiles", "rank_band")
    )
    assert "15" not in answer.text.replace(told["as_of"], "")
    thin = (await service.get("/v1/benchmark?measure=tickets&period=2026&peers=city")).json()
    assert ("too_few_organisations", None, 0, "network") == tuple(
        # the region is as thin, so that it is not named
        thin[name]
        for name in ("why", "median", "organisations", "try")
    )
    assert told["try"] is None
    for role in ("operator", "network"):
        is_problem(await service.get("/v1/benchmark?measure=tickets&period=2026", role), 403)


async def test_only_an_operator_or_the_secret_asks_for_a_cut(service: Service) -> None:
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://query") as http:
        for token, status in (("huset", 403), ("network", 403), ("wrong", 401)):
            sent = {"Authorization": f"Bearer {token}"}
            is_problem(await http.post("/v1/cuts", headers=sent), status)


async def test_what_was_withheld_is_in_the_audit_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "services.query.audit"):
        await service.get(figures(by="gender", scope="organisation:huset"))
        await service.get(figures(scope="network"), "network")
    withheld, shown = (vars(record) for record in caplog.records)
    assert ({"too_few_persons": 1}, {}) == (withheld["withheld"], shown["withheld"])
    assert ["huset", None] == [one.who.organisation for one in service.beside.auditor.waiting]
    [about] = (await service.get("/v1/asked", "naboen")).json()["asked"][:1]
    assert "figures" == about["answer"]
