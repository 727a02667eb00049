"""Deterministic ids: keyed hashes that come out the same however often they are made."""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK = 64


def keyed_hash(key: bytes, domain: str, *parts: object) -> str:
    """Return 128 bits of HMAC-SHA-256 in hex; as JSON, for ("ab", "c") is not ("a", "bc")."""
    started = _started(key)
    inner, outer = started[0].copy(), started[1].copy()
    inner.update(msgspec.json.encode((domain, *parts)))
    outer.update(inner.digest())
    return outer.hexdigest()[:32]


@lru_cache(maxsize=64)
def _started(key: bytes) -> "tuple[_Hash, _Hash]":
    """Return the two hashes of HMAC (RFC 2104) with their blocks of *key* taken in.

    A key is used a dozen times an order; ``hmac.digest`` would look the algorithm up each time.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
    return hashlib.sha256(inner), hashlib.sha256(outer)


def unit_name(organisation: str, vendor: str, transaction: str) -> str:
    """Return the name under which the ledger counts a transaction, and the key of its messages.

    It holds the vendor's own number, so it stays in zone 1; the ledger keeps its keyed hash.
    """
    return f"{organisation}/{vendor}/{transaction}"


def transaction_id(key: bytes, unit: str) -> str:
    """Return the id of the transaction that ``unit_name`` made *unit* of."""
    return keyed_hash(key, "transaction", *unit.split("/", 2))
