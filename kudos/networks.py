"""Networks of addresses: how they are written, and what is within them."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def network(text: str) -> Network:
    """Return the network, or the one address, that *text* names; raise ValueError for another.

    192.0.2.7/24 is none: whoever writes it may mean either. Nor is IPv4 that is written as IPv6.
    """
    found = ip_network(text)
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None:
        raise ValueError("IPv4 is written as IPv4")
    return found


def address(text: str) -> Address | None:
    """Return the address that *text* is, with a port or without; None where it is none.

    What a socket for both kinds calls ``::ffff:192.0.2.7`` is 192.0.2.7.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found if mapped is None else mapped


def within(one: Address | None, networks: Iterable[Network]) -> bool:
    """Tell whether *one* is in any of *networks*; what is no address is in none."""
    return one is not None and any(one in found for found in networks)
