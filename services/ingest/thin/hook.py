"""The edge of thin push: the handshake, who sends, and what is noted before it is answered."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from kudos.errors import Rejected
from services.ingest.adapters.base import Adapter, Origin
from services.ingest.thin.base import Thin, fetches
from services.ingest.thin.notices import Notices
from services.ingest.unpacking import unpacked

log = logging.getLogger(__name__)

#: A token of the handshake is far shorter.
_LONGEST_TOKEN = 4096


class Hook:
    """Takes the notifications of *thin* vendors, and has *notices* keep what they name."""

    def __init__(self, notices: Notices, thin: Mapping[str, Thin]) -> None:
        self._notices, self._thin = notices, thin

    def handshake(self, vendor: str, request: Request) -> Response | None:
        """Return the answer to who asks whether we are here, None where nobody does.

        The token comes back as it was sent, as text that no browser takes for a page.
        """
        thin = self._thin.get(vendor)
        if thin is None or thin.subscribes is None:
            return None
        token = request.query_params.get("validationToken")
        if token is None or len(token) > _LONGEST_TOKEN:
            return None
        headers = {"X-Content-Type-Options": "nosniff"}
        return Response(token, 200, headers, media_type="text/plain")

    def shown(
        self, vendor: str, body: bytes, encoding: str, keys: Sequence[bytes], most: int
    ) -> bytes | None:
        """Return of *body* what shows one of *keys*, unpacked; None where nothing does."""
        thin = self._thin.get(vendor)
        if thin is None or thin.shown is None:
            return None
        try:
            return thin.shown(unpacked(body, encoding, most), keys)
        except Rejected:
            return None

    async def note(
        self, origin: Origin, adapter: Adapter, body: bytes, encoding: str, most: int
    ) -> None:
        """Return when what *body* names is on disk; what cannot be fetched is left as it was.

        Raise Misconfigured where the register lacks what is needed: then it must come again.
        """
        vendor = origin.feed.id
        thin = self._thin.get(vendor)
        if thin is None or not fetches(origin.feed):
            return
        try:
            records = adapter.split(unpacked(body, encoding, most))
        except Rejected:  # a dead letter already
            return
        wanted = []
        for record in records:
            try:
                one = thin.told(record, origin.feed)
            except Rejected as error:  # of ours: it quotes nothing
                log.warning("a notification of %s: %s", vendor, error)
                continue
            if one is not None and one not in wanted:
                wanted.append(one)
        await asyncio.to_thread(self._notices.note, vendor, origin.organisation.id, wanted)
