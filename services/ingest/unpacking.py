"""A body as it was sent, unpacked: no further than it may be."""

import zlib

from kudos.errors import KudosError, Reason, Rejected

_GZIP = 16 + zlib.MAX_WBITS
#: A gzip file is one or more members; nobody makes more, and each costs a copy of the rest.
_MEMBERS = 100


class TooLarge(KudosError):
    """The body is larger than the limit, as it was sent or unpacked."""


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """Return *body* without its Content-Encoding, of *most* bytes at most.

    Raise TooLarge past it, and Rejected for what is not packed as it says.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise Rejected(Reason.UNREADABLE, "content-encoding")
    parts: list[bytes] = []
    size = 0
    try:
        for _ in range(_MEMBERS):
            member = zlib.decompressobj(_GZIP)
            part = member.decompress(body, most - size + 1)
            size += len(part)
            if size > most:
                raise TooLarge
            if not member.eof:
                raise Rejected(Reason.UNREADABLE, "gzip")
            parts.append(part)
            body = member.unused_data.lstrip(b"\0")  # files may be padded
            if not body:
                return b"".join(parts)
    except zlib.error:
        raise Rejected(Reason.UNREADABLE, "gzip") from None
    raise Rejected(Reason.UNREADABLE, "gzip")
