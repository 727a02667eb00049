"""Polls over real HTTP on loopback: each sale once, whatever the vendor's server does meanwhile."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from services.ingest.adapters import ADAPTERS
from services.ingest.polling.client import Failed
from services.ingest.polling.vendors import POLLED
from simulation.servers import api
from tests.support.polling import VENDORS, Desk
from tests.support.polling import desk as serving

Open = Callable[[str], Desk]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda vendor: stack.enter_context(serving(vendor, tmp_path))


def filled(desk: Desk, many: int) -> Desk:
    desk.server.rows = [desk.row(1000 + number) for number in range(many)]
    return desk


def test_every_vendor_that_is_polled_is_tested_and_says_that_it_is() -> None:
    assert POLLED.keys() == VENDORS.keys()
    assert {v for v, adapter in ADAPTERS.items() if "poll" in adapter.transports} == set(POLLED)


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_sale_comes_once_and_again_where_it_has_changed(opened: Open, vendor: str) -> None:
    many = VENDORS[vendor].per * 2 + 1 if VENDORS[vendor].per < 1000 else 7
    desk = filled(opened(vendor), many)
    counts = desk.poll()
    assert (many, 0) == (counts.accepted, counts.dead)
    assert many == len(set(desk.numbers())) == len(desk.numbers())
    desk.later(minutes=5)
    assert 0 == desk.poll().accepted
    desk.later(minutes=5)
    price = "99.00" if vendor in {"dx", "ebillett"} else 99.0
    desk.server.rows[1] = desk.row(1001, price=price)
    if vendor == "tessitura":
        desk.server.saved[1001] = "2024-03-20T12:09:00+01:00"
    assert 1 == desk.poll().accepted
    [again] = {number for number in desk.numbers() if desk.numbers().count(number) > 1}
    amounts = {n: t["lines"][0]["amount_minor"] for n, t in desk.last().items()}
    assert 9900 * (2 if vendor in {"duell", "trekksoft"} else 1) == amounts.pop(again)
    assert 1 == len(set(amounts.values()))


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_passes_is_waited_out_as_long_as_is_asked_for(opened: Open, vendor: str) -> None:
    desk = filled(opened(vendor), 3)
    desk.server.faults = [api.THROTTLED, api.BUSY, api.BROKEN_OFF]
    assert 3 == desk.poll().accepted
    pauses = [one for one in desk.slept if one > 0.5 or vendor != "duell"]
    assert pauses[0] >= 7
    assert len(pauses) >= 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_who_is_not_let_in_says_so_and_nothing_of_any_secret(
    opened: Open, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = filled(opened(vendor), 3)
    desk.secret = "feil-nøkkel".encode("ascii", "ignore").decode()
    with caplog.at_level(logging.DEBUG), pytest.raises(Failed, match="401") as caught:
        desk.poll()
    said = f"{caught.value} {caplog.text}"
    assert desk.secret not in said
    assert "Nordmann" not in said
    assert not desk.slept or vendor == "duell"
    desk.secret = VENDORS[vendor].secret
    with caplog.at_level(logging.DEBUG):
        assert 3 == desk.poll().accepted
    assert desk.secret not in caplog.text


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_page_of_another_form_stops_the_source_and_loses_nothing(
    opened: Open, vendor: str
) -> None:
    desk = filled(opened(vendor), 3)
    was, desk.server.list_is = desk.server.list_is, "renamed"
    for body in (None, b"<html>", b"", b'{"a": [1', b"null"):
        if vendor in {"duell", "trekksoft"} and body is not None:
            # their token is asked for first
            continue
        desk.server.faults = [] if body is None else [(200, {}, body)]
        with pytest.raises(Failed):
            desk.poll()
    assert not desk.got
    desk.server.list_is = was
    assert 3 == desk.poll().accepted


@pytest.mark.parametrize("taken_out", [0, 2, 4])
@pytest.mark.parametrize("vendor", ["tixly", "ticketco", "duell", "ticketmaster", "trekksoft"])
def test_what_is_taken_out_of_a_list_that_is_being_read_hides_nothing(
    opened: Open, vendor: str, taken_out: int
) -> None:
    per = VENDORS[vendor].per
    desk = filled(opened(vendor), per * 3)
    all_of_them = set(map(str, range(1000, 1000 + per * 3)))

    # of the windows that are asked for, the one with sales is not the first
    def take_out() -> None:
        if len(desk.got) >= per:
            del desk.server.rows[taken_out]
        else:
            desk.server.before[desk.server.lists + 1] = take_out

    desk.server.before[1] = take_out
    desk.poll()
    assert per * 3 - 1 == len(desk.server.rows)
    left = {_number(vendor, one) for one in desk.server.rows}
    assert left <= set(desk.numbers())
    assert len(desk.numbers()) == len(set(desk.numbers())) <= len(all_of_them)


def _number(vendor: str, row: dict[str, Any]) -> str:
    found = {
        "tixly": lambda: row["SaleTicketId"],
        "ticketco": lambda: row["uuid"],
        "duell": lambda: row["order_data"]["order_id"],
        "ticketmaster": lambda: row["tickets"][0]["order_number"],
        "trekksoft": lambda: row["bookingId"],
    }[vendor]()
    return str(found)


def test_a_list_that_never_stays_the_same_is_left_for_the_next_poll(opened: Open) -> None:
    desk = filled(opened("ticketco"), 9)

    def turn() -> None:
        desk.server.rows.append(desk.server.rows.pop(0))
        desk.server.before[desk.server.lists + 1] = turn

    desk.server.before[1] = turn
    with pytest.raises(Failed, match="changed each of the 5 times"):
        desk.poll()
    desk.server.before.clear()
    desk.poll()
    assert 9 == len(set(desk.numbers())) == len(desk.numbers())


def test_pages_that_do_not_move_on_are_no_list(opened: Open) -> None:
    desk = filled(opened("ticketco"), 3)
    desk.server.answer = lambda _asked: {"item_grosses": desk.server.rows}
    with pytest.raises(Failed, match="do not move on"):
        desk.poll()


def test_a_next_page_of_another_host_is_not_asked(opened: Open) -> None:
    desk = filled(opened("tixly"), 1)
    elsewhere = "http://127.0.0.2:9/api/events/sales?page=1"
    desk.server.answer = lambda _asked: {"Data": desk.server.rows, "Next": elsewhere}
    with pytest.raises(Failed, match="another host"):
        desk.poll()


def test_a_sale_that_comes_late_is_found_within_the_overlap_and_no_later(opened: Open) -> None:
    desk = opened("tixly")
    desk.poll()
    desk.later(days=1)
    desk.server.rows = [desk.row(1, "2024-03-16"), desk.row(2, "2024-02-01")]
    desk.poll()
    assert ["1"] == desk.numbers()
    desk.poll(more='  overlap = "90d"\n')
    assert ["1", "2"] == desk.numbers()


def test_a_broker_that_is_away_leaves_the_page_unread(opened: Open) -> None:
    desk = filled(opened("ticketmaster"), 600)
    desk.failing = [ConnectionError("away")]
    with pytest.raises(ConnectionError):
        desk.poll()
    assert not desk.got
    desk.poll()
    assert 600 == len(set(desk.numbers())) == len(desk.numbers())
