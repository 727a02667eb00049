"""Who sends: a signature by Standard Webhooks, or an address that cannot be guessed."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping

TOLERANCE_S = 5 * 60
#: The standard asks for 24 bytes; what is far shorter can be guessed.
_SHORTEST = 16
_URL_SAFE = str.maketrans("-_", "+/")


def key(secret: str) -> bytes | None:
    """Return the key in *secret*, ``whsec_`` + base64; None where it is none, or too short."""
    try:
        found = b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except ValueError:
        return None
    return found if len(found) >= _SHORTEST else None


def signed(headers: Mapping[str, str], body: bytes, keys: Iterable[bytes], now: float) -> bool:
    """Tell whether one of *keys* signed *body*, the bytes as sent, within five minutes of *now*.

    Several keys are valid while one replaces another, and a sender may sign with several.
    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    name, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (name and sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 12):
        return False
    if abs(now - int(sent_at)) > TOLERANCE_S:
        return False
    text = _bytes(name) + b"." + _bytes(sent_at) + b"." + body
    theirs = _bytes(headers.get("webhook-signature", "")).split()
    ours = [b"v1," + b64encode(hmac.digest(one, text, "sha256")) for one in keys]
    return _found(ours, theirs)


def addressed(secret: str, keys: Iterable[bytes]) -> bool:
    """Tell whether *secret*, the end of an address, is one of *keys*.

    It is the text of the secret's file without ``whsec_``, in the alphabet for addresses (``-`` for
    ``+``, ``_`` for ``/``), its ``=`` left out or not.
    """
    text = secret.removeprefix("whsec_").translate(_URL_SAFE).rstrip("=")
    try:
        given = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        given = b""
    return _found(keys, [given])


def _found(ours: Iterable[bytes], theirs: Collection[bytes]) -> bool:
    """Tell whether one of *theirs* is ours; all are compared: the time does not tell which."""
    return sum(hmac.compare_digest(a, b) for a in ours for b in theirs) > 0


def _bytes(header: str) -> bytes:
    """Return a header as it came: HTTP's are Latin-1."""
    return header.encode("latin-1", "replace")
