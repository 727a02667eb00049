"""The SOAP service that PCKasse calls: success is answered when the broker has what it told."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kudos.errors import Rejected
from services.ingest.adapters.base import Origin
from services.ingest.soap.envelope import Call, answer, called, fault, knows
from services.ingest.unpacking import TooLarge, unpacked

VENDOR = "pckasse"
#: A fault's status (SOAP 1.1, 6.2).
_FAULT = 500
_UNREAD = (TooLarge, Rejected, TimeoutError, ClientDisconnect)
#: The body of a request that is not longer than is allowed.
Whole = Callable[[Request], Awaitable[bytes]]
#: Returns when what is in a body is stored.
Store = Callable[[Origin, bytes], Awaitable[None]]


def service(
    origin: Callable[[str, str], Origin | None],
    keys: Callable[[Origin], Sequence[bytes]],
    whole: Whole,
    store: Store,
    *,
    most_bytes: int,
    lets_in: Callable[[Request, Origin], bool],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of the service; a till that is refused sends its call again."""

    async def read(request: Request) -> tuple[Call, bytes]:
        encoding = request.headers.get("content-encoding", "").strip().lower()
        body = unpacked(await whole(request), encoding, most_bytes)
        return called(body), body

    async def receive(request: Request) -> Response:
        feed = origin(VENDOR, request.path_params["organisation"])
        if feed is None:
            return _refused("Client", "There is no such organisation.")
        if not lets_in(request, feed):
            return _refused("Client", "Nothing is taken from this address.")
        try:
            call, body = await read(request)
        except _UNREAD as error:
            return _refused("Client", _why(error))
        if not knows(call, feed.feed.own.get("login"), keys(feed)):
            return _refused("Client", "Login or password is wrong.")
        try:
            await store(feed, body)
        except ConnectionError:
            return _refused("Server", "Nothing was stored: send it again.")
        return _said(answer(call), 200)

    return receive


def _why(error: Exception) -> str:
    if isinstance(error, TooLarge):
        return "The call is over the limit."
    if isinstance(error, Rejected):
        return f"The call cannot be read: {error.reason}."
    return "The call did not come whole."


def _refused(code: str, text: str) -> Response:
    return _said(fault(code, text), _FAULT)


def _said(body: bytes, status: int) -> Response:
    return Response(body, status, media_type="text/xml")
