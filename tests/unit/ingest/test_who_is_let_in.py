"""Who is let in at a feed's door, and what everybody else is told."""

from pathlib import Path

import pytest

from tests.support.ingest import AT, SECRETS, Ingest, is_problem, sale

PATH = "/v1/hooks/tixly/hus"


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    return Ingest(tmp_path)


@pytest.mark.parametrize("secret", ["new-2", "old-1"])
async def test_the_new_and_the_old_secret_are_valid(ingest: Ingest, secret: str) -> None:
    address = SECRETS[secret].removeprefix("whsec_").replace("+", "-").replace("/", "_")
    async with ingest.client() as http:
        assert 202 == (await ingest.push(http, [], secret=secret)).status_code
        answer = await http.post(f"{PATH}/{address}", json=sale("1"))
        assert (202, 1) == (answer.status_code, answer.json()["accepted"])


async def test_a_secret_comes_and_goes_with_its_file(
    ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    async with ingest.client() as http:
        (ingest.secrets / "old-1").unlink()
        for _ in range(2):
            is_problem(await ingest.push(http, [], secret="old-1"), 401)
        assert ["secret ingest/old-1 is missing or no whsec_ + base64"] == caplog.messages
        (ingest.secrets / "old-1").write_text(SECRETS["old-1"], "utf-8")
        assert 202 == (await ingest.push(http, [], secret="old-1")).status_code
        text = ingest.register.read_text("utf-8").replace(', "old-1"', "")
        ingest.register.write_text(text, "utf-8")
        is_problem(await ingest.push(http, [], secret="old-1"), 401)
        assert 202 == (await ingest.push(http, [])).status_code


async def test_refuses_who_cannot_sign(ingest: Ingest) -> None:
    async with ingest.client() as http:
        for wrong in (
            {"webhook-signature": "v1,AAAA"},
            {"webhook-timestamp": str(int(AT.timestamp()) - 301)},
            {"webhook-id": "another"},
        ):
            is_problem(await ingest.push(http, sale("1"), headers=wrong), 401)
        is_problem(await http.post(PATH, json=sale("1")), 401)
        for guessed in ("guessed", "", "a/b", "%F0%9F%98%80", "%00", "whsec_"):
            is_problem(await http.post(f"{PATH}/{guessed}", json=sale("1")), 401)
    assert not ingest.sink.stored


@pytest.mark.parametrize(
    "path", ["nosuch/hus", "tixly/nosuch", "dx/hus", "hoopla/hus", "tixly/%00", "tixly/hus%2Fx"]
)
async def test_knows_no_such_vendor_or_organisation(ingest: Ingest, path: str) -> None:
    async with ingest.client() as http:
        answer = await ingest.push(http, sale("1"), path=f"/v1/hooks/{path}")
    is_problem(answer, 401 if path.endswith("x") else 404)


async def test_other_addresses_and_methods_are_problems_too(ingest: Ingest) -> None:
    async with ingest.client() as http:
        is_problem(await http.post("/v1/profiles/tagtool"), 404)
        is_problem(await http.get("/nosuch"), 404)
        answer = await http.get(PATH)
        is_problem(answer, 405)
        assert "POST" == answer.headers["allow"]
