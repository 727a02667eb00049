"""The committed documents are what the code declares."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from kudos.cli.docs import PAGES, command
from kudos.topics import TOPICS
from services.ingest.adapters import ADAPTERS
from services.ingest.adapters.mapping import FIELDS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_committed_page_is_what_is_generated(name: str) -> None:
    assert PAGES[name]() == (DOCS / name).read_text("utf-8"), "run make docs"


def test_the_command_writes_every_page_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "docs"
    result = CliRunner().invoke(command, [str(folder)])
    assert 0 == result.exit_code, result.output
    assert [str(folder / name) for name in PAGES] == result.output.split()
    made = {p.resolve(): p.read_text("utf-8") for p in (tmp_path / "made").rglob("*.*")}
    assert {(folder / name).resolve(): text() for name, text in PAGES.items()} == made


def test_every_topic_stands_on_the_page_with_its_rights() -> None:
    lines = PAGES["topics.md"]().splitlines()
    for topic in TOPICS.values():
        [row] = [line for line in lines if line.startswith(f"| `{topic.name}` | {topic.holds}")]
        assert f"| {', '.join(topic.writers)} | {', '.join(topic.readers)} |" in row


def test_no_page_of_a_vendor_is_left_behind() -> None:
    there = {f"vendors/{page.name}" for page in (DOCS / "vendors").iterdir()}
    assert there == {name for name in PAGES if name.startswith("vendors/")}


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_a_vendors_page_says_of_every_field_how_it_is_known_or_that_it_is_missing(
    vendor: str,
) -> None:
    text = PAGES[f"vendors/{vendor}.md"]()
    delivers = ADAPTERS[vendor].about.delivers
    assert set(delivers) <= set(FIELDS)
    assert set(delivers.values()) <= {"DOC", "SEEN", "ASSUMED"}
    for name in FIELDS:
        assert (f"| `{name}` | {delivers.get(name)} |" in text) == (name in delivers)
    missing = text.split("Not delivered: ")[1].split("\n\n")[0]
    left_out = {name for name in FIELDS if f"`{name}`" in missing}
    prices = {"unit_price", "amount"}
    assert left_out - prices == set(FIELDS) - set(delivers) - prices
    assert bool(left_out & prices) == (not prices & set(delivers))
