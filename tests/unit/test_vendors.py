"""What operators are told of vendors is what the adapters say: a file, made of them."""

from kudos.cli import surveys
from kudos.cli.docs import PAGES
from kudos.cli.source_pages import ALL
from kudos.cli.vendors import described
from kudos.register import PROFILE_SOURCES
from kudos.vendors import LABELS
from services.ingest.adapters import ADAPTERS
from services.ingest.sources import SOURCES


def test_labels_are_those_of_the_adapters() -> None:
    found = {id_: adapter.label for id_, adapter in {**ADAPTERS, **SOURCES}.items()}
    assert found | {"npumonitor": surveys.LABEL} == LABELS


def test_every_source_of_profiles_has_a_label_and_a_page() -> None:
    assert set(PROFILE_SOURCES) == set(ALL) <= LABELS.keys()
    assert {f"sources/{name}.md" for name in PROFILE_SOURCES} <= PAGES.keys()
    rows = {row["id"]: row for row in described(ADAPTERS, None)}
    assert [*ADAPTERS, *ALL] == [*rows]
    assert ("ASSUMED", ["import"]) == (
        rows["npumonitor"]["label"],
        rows["npumonitor"]["transports"],
    )
