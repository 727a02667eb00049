"""A system that is in no list is added by the recipe of CONTRIBUTING.md, in a copy of the tree.

One mapping, one pair of fixtures, one line in the registry: then everything that is asked of each
vendor is asked of it, its page is made, operators are told of it and ingest takes what it pushes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = Path(__file__).parent / "recipe"
VENDOR = "nordbillett"
#: What the recipe has somebody write: a file of ours, and where it goes.
WRITTEN = {
    f"{VENDOR}.toml": f"services/ingest/adapters/mappings/{VENDOR}.toml",
    f"{VENDOR}.json": f"tests/unit/ingest/fixtures/{VENDOR}/order.json",
    f"{VENDOR}.expected.json": f"tests/unit/ingest/fixtures/{VENDOR}/order.expected.json",
}
REGISTRY = "services/ingest/adapters/__init__.py"
LINE = f'    "{VENDOR}": shipped("{VENDOR}"),\n'
#: What `make docs` makes of it.
MADE = {f"docs/vendors/{VENDOR}.md", "kudos/labels.json"}
#: What asks each vendor that is listed.
ASKING = (
    "tests/unit/ingest/test_adapters.py",
    "tests/unit/ingest/test_idempotence.py",
    "tests/unit/ingest/test_numbers.py",
    "tests/unit/ingest/test_vendors.py",
    "tests/unit/cli/test_docs.py",
    "tests/contract/test_security.py",
)
HOUSE = f"""
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "{VENDOR}"
  allow = ["192.0.2.0/24"]
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what is needed, to which the recipe was applied, but for `make docs`."""
    copy = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "images", "e2e", "integration")
    for name in ("kudos", "services", "simulation", "schemas", "docs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, place in WRITTEN.items():
        (copy / place).parent.mkdir(exist_ok=True)
        shutil.copy(RECIPE / name, copy / place)
    text = (copy / REGISTRY).read_text("utf-8")
    head, end = text.rstrip().removesuffix("}"), "}\n"
    (copy / REGISTRY).write_text(f"{head}{LINE}{end}", "utf-8")
    return copy


def run(tree: Path, *command: str) -> str:
    """Return what a command says that is run in *tree* and by its code; it must go well."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "KUDOS_ORGANISATIONS": str(tree / "hus.toml")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def asked(tree: Path, files: Sequence[str], *more: str) -> int:
    """Return how many tests of *files* are of the vendor; all of them pass."""
    options = ["-q", "-p", "no:cacheprovider", "-k", VENDOR, *more]
    last = run(tree, "-m", "pytest", *options, *files).strip().splitlines()[-1]
    assert "passed" in last
    return int(last.split()[0])


def files_of(tree: Path) -> dict[str, bytes]:
    """Return what is in the parts of *tree* that the recipe speaks of."""
    places = ("kudos", "services", "simulation", "docs", "tests/unit/ingest")
    found = (path for place in places for path in (tree / place).rglob("*") if path.is_file())
    ours = (path for path in found if path.suffix not in {".pyc", ".png"})
    return {str(path.relative_to(tree)): path.read_bytes() for path in ours}


def test_a_system_that_is_not_in_the_list_takes_a_mapping_a_pair_and_a_line(tree: Path) -> None:
    before, after = files_of(ROOT), files_of(tree)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {*WRITTEN.values(), REGISTRY} == changed
    lines = after[REGISTRY].decode().splitlines(keepends=True)
    assert [LINE] == [line for line in lines if line not in before[REGISTRY].decode()]

    (tree / "hus.toml").write_text(HOUSE, "utf-8")
    run(tree, "-m", "kudos.cli", "docs", "docs")
    now = files_of(tree)
    assert MADE == {path for path in now if now[path] != after.get(path)}
    assert "ASSUMED" in (tree / f"docs/vendors/{VENDOR}.md").read_text("utf-8")
    assert "1 organisations, 1 feeds" in run(tree, "-m", "kudos.cli", "organisations", "check")
    rows = json.loads(run(tree, "-m", "kudos.cli", "vendors", "list", "--json"))
    [row] = [row for row in rows if row["id"] == VENDOR]
    assert ("ASSUMED", ["hus"]) == (row["label"], row["organisations"])
    assert asked(tree, ASKING) > 25


@pytest.mark.long
def test_mutations_are_tried_of_it_too(tree: Path) -> None:
    assert asked(tree, ["tests/unit/ingest/test_mutations.py"], "-m", "not long") > 1
