"""The register is taken whole or refused with the place of what is wrong, and watched."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kudos.errors import Misconfigured
from kudos.register import Feed, WatchedRegister, parse

HOUSE = """
[[organisation]]
id = "oslo-teater"
name = "Oslo Teater"
industry = "scenekunst"
county = "03"
owner = "oslo-teater"
city = "0301"
"""
FEED = """
  [[organisation.vendor]]
  id = "tixly"
  secrets = ["tixly.oslo-teater.2", "tixly.oslo-teater.1"]
"""
TOKEN = f"""
[[token]]
sha256 = "{"0a" * 32}"
role = "organisation"
organisation = "oslo-teater"
"""
OTHER = HOUSE.replace("oslo-teater", "annet-teater")


def test_reads_houses_feeds_and_tokens() -> None:
    register = parse(HOUSE + FEED + OTHER + TOKEN)
    assert {"oslo-teater", "annet-teater"} == register.organisations.keys()
    assert ("tixly.oslo-teater.2", "tixly.oslo-teater.1") == register.feeds[
        "tixly", "oslo-teater"
    ].secrets
    assert "oslo-teater" == register.tokens["0a" * 32].organisation
    assert "NOK" == register.organisations["oslo-teater"].currency
    assert not parse("").organisations


def test_further_keys_of_a_feed_are_the_vendor_s_own() -> None:
    more = '  transport = "poll"\n  every = "5m"\n  from = 2024-01-01\n  until = 2025-01-01\n'
    feed = parse(HOUSE + FEED + more).feeds["tixly", "oslo-teater"]
    assert {"every": "5m"} == feed.own
    assert (date(2024, 1, 1), date(2025, 1, 1)) == (feed.begins, feed.until)


def _allow(networks: str) -> str:
    return f'[[organisation.vendor]]\nid = "tixly"\nallow = {networks}\n'


def test_a_feed_says_where_it_is_pushed_from() -> None:
    feeds = parse(HOUSE + _allow('["192.0.2.0/24", "2001:db8::1"]')).feeds
    assert ("192.0.2.0/24", "2001:db8::1") == feeds["tixly", "oslo-teater"].allow


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("[[organisation", "", "Expected ']]'"),
        ("[[organization]]\n", "", "unknown field `organization`"),
        ("organisation = 7\n", "", "$.organisation"),
        (HOUSE.replace('"03"', '"3"'), "oslo-teater", "$.county"),
        (HOUSE + _allow("[]"), "oslo-teater", "allow is empty"),
        (HOUSE + _allow('["192.0.2.7/24"]'), "oslo-teater", "allow: 192.0.2.7/24 is no network"),
        (HOUSE + _allow('["192.0.2.0/24", "all"]'), "oslo-teater", "allow: all is no network"),
        (HOUSE + _allow('"192.0.2.0/24"'), "oslo-teater", "$.allow"),
        (HOUSE.replace('"03"', "3"), "oslo-teater", "$.county"),
        (HOUSE.replace("scenekunst", "sirkus"), "oslo-teater", "$.industry"),
        (HOUSE + 'colour = "red"\n', "oslo-teater", "`colour`"),
        (HOUSE.replace('city = "0301"\n', ""), "oslo-teater", "`city`"),
        (HOUSE.replace('id = "oslo-teater"\n', "", 1), "number 1", "`id`"),
        (HOUSE + OTHER.replace('id = "annet-teater"', 'id = "Å"', 1), "organisation Å", "$.id"),
        (HOUSE + 'currency = "kr"\n', "oslo-teater", "$.currency"),
        (HOUSE + 'ticket_classes = { "Ordinær" = "ful" }\n', "oslo-teater", "ticket_classes"),
        (HOUSE + 'genres = { "Skuespill" = "play" }\n', "oslo-teater", "genres"),
        (HOUSE + 'venues = { "Salen" = "301" }\n', "oslo-teater", "venues"),
        (HOUSE + HOUSE, "oslo-teater", "it stands twice"),
        (HOUSE + 'guests = { "Salen" = "gjest" }\n', "oslo-teater", "its guest gjest is not there"),
        (HOUSE + FEED + FEED, "oslo-teater", "vendor tixly stands twice"),
        (HOUSE + FEED.replace("tixly", "telex", 1), "oslo-teater", "vendor telex is not known"),
        (HOUSE + FEED.replace("tixly", "dnb", 1), "oslo-teater", "dnb needs numbers_of, a vendor"),
        (HOUSE + FEED + '  transport = "pigeon"\n', "oslo-teater", "$.transport"),
        (HOUSE + FEED + '  items = { "Kaffe" = "drink" }\n', "oslo-teater", "items: drink is none"),
        (HOUSE + FEED.replace("tixly.oslo-teater.1", "../x/1"), "oslo-teater", "names of files"),
        (HOUSE + FEED + '  from = "i fjor"\n', "oslo-teater", "$.from"),
        (
            HOUSE + FEED + "  from = 2025-01-01\n  until = 2025-01-01\n",
            "oslo-teater",
            "tixly: until is not after from",
        ),
        (HOUSE + TOKEN.replace("0a", "0A"), "token number 1", "$.sha256"),
        (HOUSE + TOKEN.replace('"organisation"', '"boss"'), "token number 1", "$.role"),
        (HOUSE + TOKEN.replace('"organisation"', '"network"'), "token number 1", "names one"),
        (
            HOUSE + TOKEN.replace('organisation = "oslo-teater"\n', ""),
            "token number 1",
            "names one",
        ),
        (HOUSE + TOKEN.replace("oslo-teater", "nowhere"), "token number 1", "nowhere is not there"),
        (HOUSE + TOKEN + TOKEN, "token number 2", "it stands twice"),
    ],
)
def test_every_refusal_names_the_place(text: str, place: str, what: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        parse(text, {"tixly"})
    assert str(wrong.value).startswith("register of organisations: ")
    assert place in str(wrong.value)
    assert what in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_feed_covers_its_days_in_oslo() -> None:
    feed = Feed("tixly", begins=date(2024, 1, 1), until=date(2025, 1, 1))
    covered = {
        "2023-12-31T22:59:59": False,
        "2023-12-31T23:00:00": True,
        "2024-12-31T22:59:59": True,
        "2024-12-31T23:00:00": False,
    }
    for text, expected in covered.items():
        assert expected == feed.covers(datetime.fromisoformat(text).replace(tzinfo=UTC))
    assert Feed("tixly").covers(datetime(1997, 1, 1, tzinfo=UTC))


def test_an_article_is_its_number_s_its_name_s_or_the_default_s() -> None:
    feed = Feed("tixly", items={"7": "food", "Kaffe": "merchandise", "default": "donation"})
    assert ["food", "merchandise", "donation"] == [
        feed.item("7", "Kaffe"),
        feed.item(None, "Kaffe"),
        feed.item("8", None),
    ]
    assert ("ticket", "other") == (
        Feed("tixly").item("x"),
        Feed("duell").item("x", default="other"),
    )


# --- watched --------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "organisations.toml"
    path.write_text(HOUSE, "utf-8")
    return path


def houses(watched: WatchedRegister) -> set[str]:
    return set(watched.now.organisations)


def test_a_change_is_seen(file: Path) -> None:
    watched = WatchedRegister(file)
    assert {"oslo-teater"} == houses(watched)
    file.write_text(HOUSE + OTHER, "utf-8")
    assert {"oslo-teater", "annet-teater"} == houses(watched)


def test_a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_seen(file: Path) -> None:
    watched = WatchedRegister(file)
    stamp = file.stat()
    draft = file.with_suffix(".new")
    draft.write_text(HOUSE.replace("oslo-teater", "oslo-kabaret"[:11]), "utf-8")
    os.utime(draft, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    draft.replace(file)
    assert {"oslo-kabare"} == houses(watched)


def test_what_is_wrong_is_not_taken_and_said_until_it_is_mended(file: Path) -> None:
    watched = WatchedRegister(file)
    file.write_text(HOUSE + OTHER[:-20], "utf-8")
    for _ in range(2):
        assert {"oslo-teater"} == houses(watched)
        assert str(watched.error).startswith("register of organisations: ")
    file.write_text(HOUSE + OTHER, "utf-8")
    assert {"oslo-teater", "annet-teater"} == houses(watched)
    assert watched.error is None


def test_a_file_that_goes_away_for_a_while_is_kept_in_mind(file: Path, tmp_path: Path) -> None:
    watched = WatchedRegister(file)
    away = file.rename(tmp_path / "away")
    assert {"oslo-teater"} == houses(watched)
    assert "KUDOS_ORGANISATIONS: cannot read organisations.toml" == str(watched.error)
    away.rename(file)
    assert {"oslo-teater"} == houses(watched)
    assert watched.error is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_service_does_not_start_with_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "organisations.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        Misconfigured, match=r"^KUDOS_ORGANISATIONS: cannot read organisations\.toml$"
    ):
        WatchedRegister(path)
