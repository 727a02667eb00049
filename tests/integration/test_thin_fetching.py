"""What notifications name is fetched over HTTP: once, and whatever the vendor does meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.ingest.thin import THIN
from tests.support.ingest import NEW, OLD, SECRETS
from tests.support.serving import Host, hosting
from tests.support.thin import Desk
from tests.support.thin import desk as serving
from tests.support.vendors.fetched import VENDORS

Open = Callable[[str], Desk]
HOUR_S = 3600.0


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as found:
        yield found


@pytest.fixture
def opened(host: Host, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda vendor: stack.enter_context(serving(vendor, tmp_path, host))


def told(desk: Desk, *numbers: int, price: int = 450) -> Desk:
    """Have the vendor hold orders and tell of them."""
    for number in numbers:
        desk.speaks.put(desk.server, number, price)
    assert 202 == desk.push(*numbers)
    return desk


def test_every_thin_vendor_is_tested() -> None:
    assert THIN.keys() == VENDORS.keys()


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_told_of_is_fetched_once_and_again_when_it_has_changed(
    opened: Open, vendor: str
) -> None:
    desk = opened(vendor)
    told(desk, 1, 2, 3, 1, 1)
    assert 3 == desk.waiting()
    desk.round()
    assert {desk.speaks.named(n): [45_000] for n in (1, 2, 3)} == desk.amounts()
    desk.round()
    assert 3 == len(desk.sink.stored)
    told(desk, 2, price=451).round()
    assert [45_000, 45_100] == desk.amounts()[desk.speaks.named(2)]
    assert (0, []) == (desk.waiting(), desk.dead())


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_is_busy_is_left_alone_as_long_as_it_asks(opened: Open, vendor: str) -> None:
    desk = told(opened(vendor), 1)
    desk.round()
    told(desk, 2, 3)
    desk.fault(429, {"Retry-After": "7"})
    desk.round()
    assert (3, 0, 1) == (len(desk.amounts()), desk.waiting(), len(desk.slept))
    assert desk.slept[0] >= 7
    told(desk, 4)
    desk.fault(429, {"Retry-After": "7200"})
    desk.round()
    asked = len(desk.server.asked)
    desk.round(7100)
    assert (asked, 1) == (len(desk.server.asked), desk.waiting())
    desk.round(200)
    assert (4, 0) == (len(desk.amounts()), desk.waiting())


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_fails_for_two_days_loses_nothing(opened: Open, vendor: str) -> None:
    desk = told(opened(vendor), 1)
    desk.round()
    told(desk, 2, 3)
    hours = 0.0
    while hours < 48:
        for status in (500, 503):
            desk.fault(status)
        asked = len(desk.server.asked)
        desk.round(HOUR_S)
        hours += 1
        assert len(desk.server.asked) == asked + 2, "one is asked for, twice"
    assert 2 == desk.waiting()
    desk.round(HOUR_S)
    assert [1, 1, 1] == [len(desk.amounts()[desk.speaks.named(n)]) for n in (1, 2, 3)]
    assert 0 == desk.waiting()


@pytest.mark.parametrize("vendor", ["businesscentral", "eventim"])
def test_a_token_that_ends_is_asked_for_again(opened: Open, vendor: str) -> None:
    desk = told(opened(vendor), 1)
    desk.round()
    desk.speaks.ends(desk.server)
    told(desk, 2).round()
    assert (2, 2, []) == (desk.server.tokens, len(desk.amounts()), desk.slept)


@pytest.mark.parametrize("vendor", VENDORS)
def test_who_is_not_let_in_waits_until_the_secret_is_right(
    opened: Open, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = opened(vendor)
    if vendor == "businesscentral":
        # its server asks nobody who it is: the file is not there yet
        (desk.folder / "api.hus").unlink()
    else:
        (desk.folder / "api.hus").write_text("feil", "utf-8")
    told(desk, 1).round()
    assert (1, {}) == (desk.waiting(), desk.amounts())
    (desk.folder / "api.hus").write_text(desk.speaks.secret, "utf-8")
    desk.round(700)
    assert (0, 1) == (desk.waiting(), len(desk.amounts()))
    assert desk.speaks.secret not in caplog.text


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_record_in_other_words_is_a_dead_letter_and_counts_when_it_is_read(
    opened: Open, vendor: str
) -> None:
    desk = opened(vendor)
    desk.speaks.put(desk.server, 1, 450)
    desk.speaks.drift(desk.server, 1)
    told(desk, 2)
    assert 202 == desk.push(1)
    desk.round()
    assert ([desk.speaks.named(2)], 1, 0) == ([*desk.amounts()], len(desk.dead()), desk.waiting())
    assert f"hus/{vendor}/{desk.speaks.named(1)}".encode() == desk.dead()[0].key
    told(desk, 1).round()
    assert 2 == len(desk.amounts())


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_answer_that_is_none_is_asked_for_again(opened: Open, vendor: str) -> None:
    """A proxy's page, nothing, a record that is torn: none of it is the sale."""
    desk = told(opened(vendor), 1)
    desk.round()
    for number, body in enumerate((b"<html>Kari</html>", b"", b'{"orderId": "1', b"null", b"[]")):
        told(desk, 2 + number)
        desk.fault(200, {}, body)
        desk.round(HOUR_S)
        assert (1 + number, 1) == (len(desk.amounts()), desk.waiting()), body
        desk.round(HOUR_S)
        assert (2 + number, 0, []) == (len(desk.amounts()), desk.waiting(), desk.dead()), body


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_valid_notification_is_never_answered_by_an_error_of_the_senders(
    opened: Open, vendor: str
) -> None:
    """Business Central drops a subscription for any 4xx, and sends again for 36 hours after 5xx."""
    desk = opened(vendor)
    assert 202 == desk.push(1, secret=OLD), "a secret that is being changed"
    desk.sink.away = True
    assert 202 == desk.push(2), "the broker is not needed"
    desk.sink.away = False
    assert 401 == desk.http.post(f"{desk.address}/v1/hooks/{vendor}/hus", json={}).status_code
    desk.notices.close()
    assert 503 == desk.push(3), "nothing can be noted"


def test_one_odd_notification_beside_valid_ones_refuses_none(opened: Open) -> None:
    desk = opened("businesscentral")
    [valid] = desk.speaks.told(1, NEW)["value"]  # type: ignore[index]  # it is of that form
    shown = {"clientState": valid["clientState"]}
    odd = [{"clientState": 7}, 5, shown | {"resource": 5}, shown | {"changeType": [1]}, shown]
    address = f"{desk.address}/v1/hooks/businesscentral/hus"
    for beside in odd:
        desk.notices.done(desk.notices.waiting()[0]) if desk.waiting() else None
        answer = desk.http.post(address, json={"value": [beside, valid]})
        assert (202, 1) == (answer.status_code, desk.waiting()), beside
    assert 401 == desk.http.post(address, json={"value": [odd[0], odd[1]]}).status_code


def test_what_the_register_lacks_is_mended_before_it_comes_again(opened: Open) -> None:
    desk = opened("businesscentral")
    text = desk.register.read_text("utf-8")
    desk.register.write_text(text.replace("  company", "  firma"), "utf-8")
    desk.speaks.put(desk.server, 1, 450)
    assert (503, 0) == (desk.push(1), desk.waiting())
    desk.register.write_text(text + "\n", "utf-8")
    assert 202 == desk.push(1)
    desk.round()
    assert 1 == len(desk.amounts())


def test_no_address_of_a_hook_is_fetched(opened: Open) -> None:
    """What is fetched is below the register's address, whatever a notification says."""
    desk = opened("eventim")
    path = f"{desk.address}/v1/hooks/eventim/hus/{SECRETS[NEW].removeprefix('whsec_')}"
    for uuid in ("../../elsewhere", "http://127.0.0.2:9/", "a b", "", "x" * 65, "%2e%2e"):
        assert 202 == desk.http.post(path, json={"entity": "order", "uuid": uuid}).status_code
    assert 0 == desk.waiting()
