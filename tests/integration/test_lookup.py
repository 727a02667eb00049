"""Looking customers up, over real HTTP on loopback: answers are stored, faults are waited out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from kudos.cli.lookup import command, look_up
from kudos.errors import Misconfigured
from kudos.records import Customer
from services.ingest.adapters.base import Ignored
from services.ingest.lookup import Account, Refused, Register
from services.ingest.sources import SOURCES
from services.ingest.sources.asking import customers, is_askable, query
from simulation.servers import dnb
from tests.support.origin import origin

MOE = Customer(
    number="5", given_name="Ingvild", family_name="Moe", birth_date="1976-09-30", email="i@moe.no"
)
LIE = Customer(number="6", given_name="Odd", family_name="Lie", birth_date="1949-04-01")
NOBODY = Customer(number="7", given_name="Siv", family_name="Vik", birth_date="1990-01-01")


class Desk:
    """A register that answers, and who asks it; *slept* are the waits."""

    def __init__(self, server: dnb.Server, http: httpx.Client) -> None:
        self.server, self.slept, self.now = server, list[float](), 0.0
        account = Account(dnb.CLIENT, dnb.SECRET, server.address, f"{server.address}/token")
        self.register = Register(http, account, sleep=self._sleep, clock=lambda: self.now)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def desk() -> Iterator[Desk]:
    with dnb.serving() as server, httpx.Client(timeout=5) as http:
        yield Desk(server, http)


def candidates(answers: Sequence[bytes]) -> list[int]:
    return [len(json.loads(bytes(one))["matchCandidates"]) for one in answers]


def test_asks_in_one_request_and_with_no_more_than_it_is_found_by(desk: Desk) -> None:
    assert [1, 2, 0] == candidates(desk.register.match([MOE, LIE, NOBODY]))
    [queries] = desk.server.asked
    assert {
        "firstName": "Ingvild",
        "familyName": "Moe",
        "dateOfBirth": "1976-09-30",
        "sourceCountry": "NO",
    } == queries[0]
    assert [] == desk.slept


def test_a_token_is_renewed_before_it_ends_and_when_it_ended_early(desk: Desk) -> None:
    desk.register.match([MOE])
    desk.now = 3500
    desk.register.match([MOE])
    assert 1 == desk.server.tokens
    desk.now = 3580
    desk.register.match([MOE])
    assert 2 == desk.server.tokens
    desk.server.valid.clear()
    desk.register.match([MOE])
    assert (3, 4) == (desk.server.tokens, len(desk.server.asked))


def test_waits_as_long_as_it_is_asked_to_and_longer_each_time_where_it_is_not(desk: Desk) -> None:
    desk.server.faults = [
        (429, {"Retry-After": "7"}, b""),
        (503, {"Retry-After": "9999"}, b""),
        (500, {}, b""),
        (502, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b""),
    ]
    assert [1] == candidates(desk.register.match([MOE]))
    asked, capped, first, second = desk.slept
    assert (7, 60) == (asked, capped)
    assert 0.5 <= first < second <= 60


@pytest.mark.parametrize(
    ("fault", "waits", "why"),
    [
        ((503, {}, b"Ingvild Moe"), 5, "the register answered 503"),
        ((400, {}, b"Ingvild Moe"), 0, "the register answered 400"),
        ((200, {}, b"Ingvild Moe"), 0, "the register's answer is none"),
        ((200, {}, b'{"matchResponses": []}'), 0, "another number of questions"),
        ((200, {}, b'{"matchResponses": {"a": 1}}'), 0, "the register's answer is none"),
    ],
)
def test_gives_up_and_names_nobody(
    desk: Desk, fault: tuple[int, dict[str, str], bytes], waits: int, why: str
) -> None:
    desk.server.faults = [fault] * 9
    with pytest.raises(Refused) as caught:
        desk.register.match([MOE])
    assert why in str(caught.value)
    assert "Moe" not in str(caught.value)
    assert waits == len(desk.slept)


def test_a_register_that_cannot_be_reached_or_knows_us_not_is_said(desk: Desk) -> None:
    with httpx.Client() as http:
        unknown = Account("kudos", "wrong", desk.server.address, f"{desk.server.address}/token")
        with pytest.raises(Refused, match="answered 401"):
            Register(http, unknown).match([MOE])
        nowhere = Account("kudos", "x", "http://127.0.0.1:9", "http://127.0.0.1:9/token")
        with pytest.raises(Refused, match="cannot be reached: ConnectError"):
            Register(http, nowhere, sleep=lambda _: None).match([MOE])


def test_what_was_broken_off_goes_on(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kudos.cli.lookup.BATCH", 2)
    out, asked = tmp_path / "answers.jsonl", [MOE, LIE, NOBODY, MOE, LIE]
    desk.server.faults = [(400, {}, b"")]
    with pytest.raises(Refused):
        look_up(desk.register, asked, out)
    assert 2 == look_up(desk.register, asked[:2], out)
    with out.open("ab") as file:
        file.write(b'{"asked": {"number"')
    assert 3 == look_up(desk.register, asked, out)
    assert 0 == look_up(desk.register, asked, out)
    lines = out.read_bytes().splitlines()
    assert [one.number for one in asked] == [json.loads(x)["asked"]["number"] for x in lines]
    assert [2, 2, 1] == [len(queries) for queries in desk.server.asked]
    assert 0o600 == out.stat().st_mode & 0o777
    with pytest.raises(Misconfigured, match="of another file"):
        look_up(desk.register, [MOE, MOE, MOE, MOE, MOE], out)


def test_the_stored_answers_are_what_the_adapter_reads(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    look_up(desk.register, [MOE, LIE, NOBODY], out)
    adapter = SOURCES["dnb"]
    found = [adapter.parse(x, origin("dnb"))[0] for x in adapter.split(out.read_bytes())]
    assert ["weak_match", "several_matches", "no_match"] == [
        one.why for one in found if isinstance(one, Ignored)
    ]


def test_who_is_asked_of() -> None:
    rows = customers(
        b"record,number,given_name,family_name,email,phone,postal_code,birth_date,gender\n"
        b"1,5,Ingvild,Moe,i@moe.no,,,1976-09-30,female\n2,6,Odd,Lie,,92001122,9008,,\n"
        b"3,7,Odd,Lie,,,9008,,\n4,8,,Lie,,92001122,9008,1949-04-01,\n5,9,Siv,Vik,,,,1990,\n"
    )
    assert [True, True, False, False, False] == [is_askable(one) for one in rows]
    [refused] = customers(
        b'{"given_name": "Siv", "family_name": "Vik", "birth_date": "1990-01-01",'
        b' "consents": {"statistics": false}}'
    )
    assert not is_askable(refused)
    assert "email" not in query(rows[0])


REGISTER = """
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "dnb"
  numbers_of = "tixly"
  client = "kudos"
  credentials = "dnb.hus"
  base_url = "{address}/"
  token_url = "{address}/token"
"""


def run(folder: Path, address: str, monkeypatch: pytest.MonkeyPatch, more: str = "") -> Result:
    for name, value in (
        ("KAFKA", "127.0.0.1:9"),
        ("CLICKHOUSE", "http://127.0.0.1:9/kudos"),
        ("ORGANISATIONS", str(folder / "organisations.toml")),
        ("SECRETS", str(folder)),
    ):
        monkeypatch.setenv(f"KUDOS_{name}", value)
    text = REGISTER.format(address=address) + more
    (folder / "organisations.toml").write_text(text, "utf-8")
    (folder / "ingest").mkdir(exist_ok=True)
    (folder / "ingest" / "dnb.hus").write_text(dnb.SECRET + "\n", "utf-8")
    (folder / "customers.csv").write_text(
        "number,given_name,family_name,birth_date\n5,Ingvild,Moe,1976-09-30\n6,,Lie,\n", "utf-8"
    )
    args = ["dnb", "hus", str(folder / "customers.csv"), "--out", str(folder / "out.jsonl")]
    return CliRunner().invoke(command, [*args, "--data", str(folder)])


def test_the_command_asks_by_the_register_and_says_for_what(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run(tmp_path, desk.server.address, monkeypatch)
    assert "purpose" in str(refused.exception)
    assert not desk.server.asked
    purpose = '  purpose = "the share of ages"\n'
    told = run(tmp_path, desk.server.address, monkeypatch, purpose)
    assert 0 == told.exit_code, told.output
    assert "purpose: the share of ages" in told.stderr
    assert "1 asked of, 0 before, 1 not to be" in told.stdout
    again = run(tmp_path, desk.server.address, monkeypatch, purpose)
    assert "0 asked of, 1 before, 1 not to be" in again.stdout
    assert 1 == len(desk.server.asked)
