"""What the documents show is what is so: their examples are run."""

import json
import re
import time
from pathlib import Path
from typing import Any

import fastjsonschema

from kudos.cli.standard import examined
from services.ingest.adapters import homemade
from services.ingest.adapters.base import Sale
from services.ingest.adapters.mapped import adapter
from services.ingest.signature import key, signed
from tests.support.ingest import NEW, SECRETS
from tests.support.origin import origin

DOCS = Path(__file__).parents[3] / "docs"
BODY = '{"transaction": "Å-1"}'


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def is_signed(headers: dict[str, str]) -> bool:
    """Tell whether ingest takes *headers* for BODY's."""
    known = key(SECRETS[NEW])
    return known is not None and signed(headers, BODY.encode(), [known], time.time())


def test_the_example_of_the_open_standard_is_right() -> None:
    (example,) = blocks("open-standard.md", "json")
    assert (1, []) == examined(example.encode(), "NOK")
    fastjsonschema.compile(homemade.SCHEMA)(json.loads(example))
    (sale,) = homemade.parse(example.encode(), origin("homemade"))
    assert isinstance(sale, Sale)
    assert [(68_000, 2000)] == [(x.amount_minor, x.fee_minor) for x in sale.transaction.lines]


def test_the_example_in_python_signs() -> None:
    (text,) = blocks("open-standard.md", "python")
    made: dict[str, Any] = {}
    exec(text, made)  # noqa: S102 (our own document)
    headers = made["headers"](BODY.encode(), SECRETS[NEW])
    assert is_signed(headers)
    assert not is_signed(headers | {"webhook-timestamp": "1"})


def test_the_example_of_a_vendors_records_is_right() -> None:
    (record,), mapping = blocks("mapping.md", "json"), blocks("mapping.md", "toml")[-1]
    (sale,) = adapter(mapping).parse(record.encode(), origin("billettmann"))
    assert isinstance(sale, Sale)
    assert [("ticket", 2, 105_050), ("gift_card", 1, 32_500)] == [
        (line.item, line.quantity, line.amount_minor) for line in sale.transaction.lines
    ]
    assert "2026-05-17T16:30:00+00:00" == sale.transaction.sold_at.isoformat()
