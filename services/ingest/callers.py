"""Where a request comes from, and whether the register lets it in from there."""

from collections.abc import Sequence

from starlette.requests import Request

from kudos.networks import Address, Network, address, network, within
from kudos.register import Feed


def caller(request: Request, proxies: Sequence[Network]) -> Address | None:
    """Return the address that a request comes from; None where nobody can tell.

    Anybody can send an ``X-Forwarded-For``. So it is read from its end, and only as far as it was
    written by trusted *proxies*: the first that is none of them is the caller.
    """
    found = None if request.client is None else address(request.client.host)
    hops = [one for line in request.headers.getlist("x-forwarded-for") for one in line.split(",")]
    while hops and within(found, proxies):
        found = address(hops.pop())
    return found


def let_in(request: Request, feed: Feed, proxies: Sequence[Network]) -> bool:
    """Tell whether *feed* takes requests from there; one without ``allow`` does from anywhere."""
    return not feed.allow or within(caller(request, proxies), map(network, feed.allow))
