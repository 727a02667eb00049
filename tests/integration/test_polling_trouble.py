"""What a poll does with a vendor that is slow, refuses, breaks off, or ends what it gave."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from kudos.cli.poll import Unread, command
from kudos.errors import Misconfigured
from kudos.local.secrets import make_missing
from kudos.stream import TooManyRejections
from services.ingest.polling.client import LONGEST_S, Failed
from services.ingest.polling.cursor import Busy, Store
from tests.support.polling import Desk, register
from tests.support.polling import desk as serving

Open = Callable[[str], Desk]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda vendor: stack.enter_context(serving(vendor, tmp_path))


def filled(desk: Desk, many: int) -> Desk:
    desk.server.rows = [desk.row(1000 + number) for number in range(many)]
    return desk


def test_a_poll_that_was_broken_off_goes_on_at_the_page(opened: Open) -> None:
    desk = filled(opened("ticketco"), 12)
    desk.server.faulty = lambda number: (400, {}, b"") if number == 4 else None
    with pytest.raises(Failed, match="400"):
        desk.poll()
    assert 9 == len(desk.got)
    # what is no more is not asked for again: it begins anew, and nothing of it is sent twice
    desk.poll()
    assert 12 == len(desk.numbers())
    pages = [one.query["page"] for one in desk.server.asked]
    assert ["1", "2", "3", "4", "1"] == pages[:5]
    desk.server.faulty = lambda number: (500, {}, b"") if number >= len(pages) + 3 else None
    with pytest.raises(Failed, match="500"):
        desk.poll()
    desk.server.faulty = lambda _number: None
    asked = len(desk.server.asked)
    desk.poll()
    assert "3" == desk.server.asked[asked].query["page"]


def test_who_asks_for_more_patience_than_a_poll_has_is_left_alone(opened: Open) -> None:
    desk = filled(opened("ticketco"), 1)
    desk.server.faults = [(429, {"Retry-After": "7200"}, b"")]
    with pytest.raises(Failed, match="429") as caught:
        desk.poll()
    assert 7200 == caught.value.after_s > LONGEST_S
    assert not desk.slept


def test_a_record_that_is_refused_is_a_letter_once_and_too_many_stop_the_source(
    opened: Open,
) -> None:
    desk = filled(opened("ticketco"), 9)
    del desk.server.rows[4]["gross"]
    assert (9, 1) == ((counts := desk.poll()).accepted, counts.dead)
    assert 0 == desk.poll().accepted
    for row in desk.server.rows:
        row["gross"] = "Kari"
    with pytest.raises(TooManyRejections):
        desk.poll(most_refused=4)
    letters = [one for one in desk.got if one.topic.endswith(".dead")]
    # those of the page before are there; of the page that stopped it nothing is
    assert 1 + 3 == len(letters)
    for row in desk.server.rows:
        row["gross"] = 350.0
    desk.poll(most_refused=4)
    assert 9 == len(desk.last())


def test_refused_records_among_others_stop_nothing(opened: Open) -> None:
    desk = filled(opened("ticketco"), 12)
    for row in desk.server.rows[::2]:
        del row["gross"]
    counts = desk.poll(most_refused=2)
    assert (12, 6) == (counts.accepted, counts.dead)


def test_the_command_says_in_one_line_why_it_read_nothing(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = filled(opened("ticketco"), 1)
    make_missing(tmp_path)
    (tmp_path / "organisations.toml").write_text(register("ticketco", desk.server.address), "utf-8")
    for name, value in (
        ("KAFKA", "127.0.0.1:9"),
        ("CLICKHOUSE", "http://127.0.0.1:9/kudos"),
        ("ORGANISATIONS", str(tmp_path / "organisations.toml")),
        ("SECRETS", str(tmp_path)),
        ("INGEST_STATE", str(tmp_path / "state")),
    ):
        monkeypatch.setenv(f"KUDOS_{name}", value)
    for args, secret, error, why in (
        (["ticketco", "borte"], None, Misconfigured, "the register has no ticketco of borte"),
        (["ticketco", "hus"], None, Misconfigured, "ingest/ticketco.api is missing"),
        (["ticketco", "hus"], "feil", Unread, "ticketco of hus: it answered 401; 0 records read"),
    ):
        if secret is not None:
            (tmp_path / "ingest" / "ticketco.api").write_text(secret, "utf-8")
        found = CliRunner().invoke(command, [*args, "--data", str(tmp_path)])
        assert isinstance(found.exception, error)
        assert why in str(found.exception)


def test_a_token_is_renewed_before_it_ends_and_when_it_is_refused(opened: Open) -> None:
    desk = filled(opened("trekksoft"), 250)
    desk.server.lasts = 20  # less than the half minute that it is renewed before
    desk.poll()
    asked = [one.path for one in desk.server.asked]
    assert asked.count("bookings") == asked.count("oauth2/token") > 3
    desk.server.lasts, desk.server.before[desk.server.lists + 2] = 3600, desk.server.asked.clear
    desk.poll(more='  overlap = "60d"\n')
    assert 1 >= [one.path for one in desk.server.asked].count("oauth2/token")


def test_a_token_that_ends_early_is_asked_for_again(opened: Open) -> None:
    desk = filled(opened("duell"), 450)
    desk.server.lasts = 3
    assert 450 == desk.poll().accepted
    logins = [one for one in desk.server.asked if one.path == "getaccesstokens"]
    assert len(logins) > 3
    assert all(0 < pause <= 0.5 for pause in desk.slept)


def test_a_performance_is_asked_of_until_it_is_long_over_or_gone(opened: Open) -> None:
    desk = opened("dx")
    desk.server.events = {1: [desk.row(1)], 2: [desk.row(2)], 3: [desk.row(3)]}
    desk.server.ends = {1: "2024-03-12 21:30:00"}
    desk.server.gone = {3}
    desk.poll()
    assert ["1", "2"] == sorted(desk.numbers())
    desk.server.asked.clear()
    desk.later(days=30)
    desk.poll()
    asked = {one.query.get("eventId") for one in desk.server.asked}
    assert {None, "1", "2", "3"} == asked
    desk.server.asked.clear()
    desk.poll()
    assert {None, "2", "3"} == {one.query.get("eventId") for one in desk.server.asked}


def test_an_order_that_says_it_has_not_changed_is_not_asked_for(opened: Open) -> None:
    desk = filled(opened("tessitura"), 3)
    desk.poll()
    desk.server.asked.clear()
    desk.poll()
    assert {"TXN/Orders"} == {one.path for one in desk.server.asked}
    versions = {one["version"] for one in desk.last().values()}
    assert None not in versions


def test_one_source_has_one_poller(opened: Open, tmp_path: Path) -> None:
    desk = filled(opened("ticketco"), 1)
    held = Store(tmp_path / "source.sqlite")
    with pytest.raises(Busy):
        desk.poll()
    held.close()
    assert 1 == desk.poll().accepted
    assert 0o600 == (tmp_path / "source.sqlite").stat().st_mode & 0o777


def test_what_the_register_does_not_say_is_named(opened: Open) -> None:
    desk = opened("dx")
    for more, why in (
        ('  overlap = "soon"\n', "overlap"),
        ('  overlap = "100000d"\n', "overlap"),
        ('  every = "0m"\n', "every"),
        ('  window = "0d"\n', "window"),
    ):
        with pytest.raises(Misconfigured, match=why):
            desk.poll(more=more)
