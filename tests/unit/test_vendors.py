"""What operators are told of vendors is what the adapters say: a file, made of them."""

from kudos.vendors import LABELS
from services.ingest.adapters import ADAPTERS
from services.ingest.sources import SOURCES


def test_labels_are_those_of_the_adapters() -> None:
    assert {id_: adapter.label for id_, adapter in {**ADAPTERS, **SOURCES}.items()} == LABELS
