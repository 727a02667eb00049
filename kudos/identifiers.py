"""Deterministic ids: keyed hashes that come out the same however often they are made."""

import hmac

import msgspec


def keyed_hash(key: bytes, domain: str, *parts: object) -> str:
    """Return 128 bits of HMAC-SHA-256 in hex; as JSON, for ("ab", "c") is not ("a", "bc")."""
    return hmac.digest(key, msgspec.json.encode((domain, *parts)), "sha256")[:16].hex()


def unit_name(organisation: str, vendor: str, transaction: str) -> str:
    """Return the name under which the ledger counts a transaction, and the key of its messages.

    It holds the vendor's own number, so it stays in zone 1; the ledger keeps its keyed hash.
    """
    return f"{organisation}/{vendor}/{transaction}"


def transaction_id(key: bytes, unit: str) -> str:
    """Return the id of the transaction that ``unit_name`` made *unit* of."""
    return keyed_hash(key, "transaction", *unit.split("/", 2))
