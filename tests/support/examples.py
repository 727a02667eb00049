"""The examples of ``schemas/examples``, each a record of its folder's schema.

They are JSON as msgspec writes it, but for a customer, and what is stated of one, that a topic
holds sealed: examples have them in the clear (everybody in them is made up), and they are sealed
here.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from kudos.records import Customer, Stated
from kudos.sealing import Sealer, new_key_pair
from tests.support.records import RECORDS

FOLDER = Path(__file__).parents[2] / "schemas" / "examples"
#: What opens the customers of the examples, and what seals to it.
PRIVATE, PUBLIC = new_key_pair()
_SEALED = {"received_transaction", "received_profile"}
_sealer = Sealer(PUBLIC)


def names() -> list[str]:
    """Return every example as ``record/name``."""
    return sorted(f"{p.parent.name}/{p.stem}" for p in FOLDER.glob("*/*.json"))


def of(record: str) -> list[str]:
    """Return the examples of *record*, a schema's name."""
    return [name for name in names() if name.startswith(f"{record}/")]


def example(name: str) -> Any:
    """Return the record in the example *name*."""
    fields = fields_of(name)
    record = name.partition("/")[0]
    if record in _SEALED and fields["customer"] is not None:
        clear = msgspec.json.encode(customer(name))
        fields["customer"] = msgspec.to_builtins(_sealer.seal(clear))
    if fields.get("stated") is not None:
        clear = msgspec.json.encode(msgspec.convert(fields["stated"], Stated))
        fields["stated"] = msgspec.to_builtins(_sealer.seal(clear))
    return msgspec.convert(fields, RECORDS[record])


def customer(name: str) -> Customer:
    """Return the customer in the example *name*, in the clear."""
    return msgspec.convert(fields_of(name)["customer"] or {}, Customer)


def fields_of(name: str) -> dict[str, Any]:
    """Return the example *name* as it stands in its file."""
    fields: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return fields
