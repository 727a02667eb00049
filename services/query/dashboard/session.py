"""Who is signed in: a cookie that only this service can make and read, and that expires."""

import base64
import hashlib
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kudos.register import Token

COOKIE = "kudos_session"
#: A working day; after that one signs in again.
LIFETIME_S = 12 * 3600


class Sessions:
    """Makes and opens sessions; what is in one is the hash of a token, encrypted.

    The token is looked up at every request, so a token that the register no longer has, or that
    now is somebody else's, ends or changes the session at once.
    """

    def __init__(self, secret: str) -> None:
        key = HKDF(hashes.SHA256(), 32, salt=None, info=b"kudos dashboard session")
        self._box = Fernet(base64.urlsafe_b64encode(key.derive(secret.encode())))

    def make(self, token: Token, at: int) -> str:
        """Return the session of *token* from *at*, in seconds, on."""
        return self._box.encrypt_at_time(token.sha256.encode(), at).decode()

    def open(self, cookie: str | None, tokens: Mapping[str, Token], at: int) -> Token | None:
        """Return whose *cookie* is; None: nobody's, forged, expired, or its token is gone."""
        if not cookie:
            return None
        try:
            found = self._box.decrypt_at_time(cookie.encode(), LIFETIME_S, at).decode()
        except (InvalidToken, UnicodeError):
            return None
        return tokens.get(found)


def digest(token: str) -> str:
    """Return the hash by which the register knows *token*.

    Looking up a hash tells nothing by its time: who guesses tokens cannot steer their hashes.
    """
    return hashlib.sha256(token.strip().encode("utf-8", "replace")).hexdigest()
