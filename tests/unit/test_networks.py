"""Networks as they are written, and what is within them."""

import pytest

from kudos.networks import address, network, within


@pytest.mark.parametrize(
    "text", ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0", "::/0"]
)
def test_a_network_is_what_it_says(text: str) -> None:
    assert network(text) == network(str(network(text)))


@pytest.mark.parametrize(
    "text",
    ["", "all", "192.0.2.7/24", "192.0.2.0/33", "192.0.2", "::ffff:192.0.2.0/120", "10.0.0.1-9"],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (ipaddress says it in its own words)
        network(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7:4711 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("", None),
        ("192.0.2.7.1", None),
        ("_hidden", None),
    ],
)
def test_an_address_is_found_in_how_it_is_told(text: str, found: str | None) -> None:
    assert found == (None if address(text) is None else str(address(text)))


def test_what_is_no_address_is_within_nothing() -> None:
    assert not within(None, [network("0.0.0.0/0"), network("::/0")])
    assert within(address("192.0.2.255"), [network("2001:db8::/32"), network("192.0.2.0/24")])
    assert not within(address("192.0.3.0"), [network("192.0.2.0/24")])
