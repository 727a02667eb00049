"""What a request of a vendor holds: its type, its bytes, and what signs them."""

import base64
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulation import sources
from simulation.orders import Contact, Document
from simulation.sources import Statement
from simulation.vendors import VENDORS, Vendor

#: What is told: a sale, a customer apart, or what a source states of one.
Told = Document | Contact | Statement


def sign(secret: bytes, name: str, text: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks for *text*, sent now."""
    sent_at = str(int(time.time()))
    signed = hmac.digest(secret, f"{name}.{sent_at}.".encode() + text, "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": sent_at,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def body(vendor: str, documents: Sequence[Told], form: int) -> tuple[str, bytes]:
    """Return the type and the bytes of a request with *documents*; *form* chooses among ways."""
    if isinstance(documents[0], Statement):
        return sources.body(vendor, [told for told in documents if isinstance(told, Statement)])
    speaks = VENDORS[vendor]
    rows = [_native(speaks, document) for document in documents]
    if speaks.whole is not None:
        return speaks.whole(rows, form)
    if speaks.page is not None and form > 0:
        return "application/json", msgspec.json.encode({speaks.page: rows, "Next": None})
    if len(rows) == 1 and form < 2:
        return "application/json", msgspec.json.encode(rows[0])
    if vendor == "homemade" and form > 0:
        lines = b"\n".join(msgspec.json.encode(row) for row in rows)
        return "application/x-ndjson", lines
    return "application/json", msgspec.json.encode(rows)


def _native(speaks: Vendor, document: Told) -> Mapping[str, Any]:
    if isinstance(document, Document):
        return speaks.native(document)
    assert isinstance(document, Contact) and speaks.contact is not None  # noqa: S101, PT018 (no other)
    return speaks.contact(document)
