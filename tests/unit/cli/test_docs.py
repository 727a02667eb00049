"""The committed documents are what the code declares."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from kudos.cli.docs import PAGES, command
from kudos.topics import TOPICS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_committed_page_is_what_is_generated(name: str) -> None:
    assert PAGES[name]() == (DOCS / name).read_text("utf-8"), "run make docs"


def test_the_command_writes_every_page_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "docs"
    result = CliRunner().invoke(command, [str(folder)])
    assert 0 == result.exit_code, result.output
    assert [str(folder / name) for name in PAGES] == result.output.split()
    assert {name: text() for name, text in PAGES.items()} == {
        p.name: p.read_text("utf-8") for p in folder.iterdir()
    }


def test_every_topic_stands_on_the_page_with_its_rights() -> None:
    lines = PAGES["topics.md"]().splitlines()
    for topic in TOPICS.values():
        [row] = [line for line in lines if line.startswith(f"| `{topic.name}` | {topic.holds}")]
        assert f"| {', '.join(topic.writers)} | {', '.join(topic.readers)} |" in row
