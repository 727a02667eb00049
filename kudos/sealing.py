"""Seal personal data, so that a topic can hold it and only one reader can open it.

A sealed box is ``version ‖ writer's public key ‖ nonce ‖ AES-256-GCM``. The writer makes an X25519
key pair of its own and agrees on one AES key with the reader's public key, once and not for every
order (a box an order would cost 44 µs, this 2). Who has only the reader's public half can seal and
never open what others sealed.
"""

import os
import time
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kudos.errors import Misconfigured, Reason, Rejected

_VERSION = b"\x01"
_KEY = 32
_NONCE = 12
#: A writer's key is left behind after this many boxes or seconds: nonces are random, and 2³² are
#: the bound of NIST SP 800-38D, 8.3.
_BOXES = 2**20
_SECONDS = 3600.0


def new_key_pair() -> tuple[str, str]:
    """Return a reader's private and public key, in hex."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw().hex(), private.public_key().public_bytes_raw().hex()


def public_half(private: str) -> str:
    """Return the public key of a reader's *private* one, both in hex."""
    try:
        key = X25519PrivateKey.from_private_bytes(bytes.fromhex(private.strip()))
    except ValueError:
        raise Misconfigured("a sealing key is not 64 hex digits") from None
    return key.public_key().public_bytes_raw().hex()


class Sealer:
    """Seals to one reader, by its public key in hex."""

    def __init__(self, reader: str) -> None:
        try:
            self._reader = X25519PublicKey.from_public_bytes(bytes.fromhex(reader.strip()))
        except ValueError:
            raise Misconfigured("a sealing key is not 64 hex digits") from None
        self._renew()

    def seal(self, clear: bytes) -> bytes:
        """Return *clear*, sealed."""
        if self._left == 0 or time.monotonic() > self._until:
            self._renew()
        self._left -= 1
        nonce = os.urandom(_NONCE)
        return self._start + nonce + self._cipher.encrypt(nonce, clear, None)

    def _renew(self) -> None:
        own = X25519PrivateKey.generate()
        public = own.public_key().public_bytes_raw()
        self._start = _VERSION + public
        self._cipher = _cipher(own, self._reader, public)
        self._left, self._until = _BOXES, time.monotonic() + _SECONDS


class Opener:
    """Opens what was sealed to any of its private keys, in hex, the newest first."""

    def __init__(self, *keys: str) -> None:
        try:
            self._keys = [
                X25519PrivateKey.from_private_bytes(bytes.fromhex(k.strip())) for k in keys
            ]
        except ValueError:
            raise Misconfigured("a sealing key is not 64 hex digits") from None
        self._ciphers = lru_cache(maxsize=4096)(self._agree)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed, or reject it."""
        start, end = 1 + _KEY, 1 + _KEY + _NONCE
        for number in range(len(self._keys) if sealed.startswith(_VERSION) else 0):
            try:
                cipher = self._ciphers(number, sealed[1:start])
                return cipher.decrypt(sealed[start:end], sealed[end:], None)
            except (InvalidTag, ValueError):
                continue
        raise Rejected(Reason.UNSEALABLE, "seal")

    def _agree(self, number: int, public: bytes) -> AESGCM:
        return _cipher(self._keys[number], X25519PublicKey.from_public_bytes(public), public)


def _cipher(own: X25519PrivateKey, other: X25519PublicKey, writer: bytes) -> AESGCM:
    """Return the cipher that both sides come to; HKDF as in RFC 9180, bound to the writer's key."""
    shared = own.exchange(other)
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"kudos seal 1" + writer).derive(shared))
