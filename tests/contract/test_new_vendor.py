"""Systems that are in no list are added by the recipe of CONTRIBUTING.md, in copies of the tree.

One module or mapping, one pair of fixtures, one line in the registry: then everything that is asked
of each vendor is asked of it, its page is made, operators are told of it and ingest takes what it
pushes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

ROOT = Path(__file__).parents[2]
RECIPE = Path(__file__).parent / "recipe"
REGISTRY = "services/ingest/adapters/__init__.py"
IMPORTS = "from services.ingest.adapters import (\n"


class Added(Struct, frozen=True):
    """What the recipe has somebody write for a vendor, beside its pair: a file, and a line."""

    vendor: str
    file: str
    place: str
    line: str  # in the registry
    imported: str = ""  # and above it

    @property
    def written(self) -> dict[str, str]:
        """Return the files of ours, and where they go."""
        pair = f"tests/unit/ingest/fixtures/{self.vendor}"
        return {
            self.file: f"services/ingest/adapters/{self.place}{self.file}",
            f"{self.vendor}.json": f"{pair}/order.json",
            f"{self.vendor}.expected.json": f"{pair}/order.expected.json",
        }

    @property
    def made(self) -> set[str]:
        """Return what `make docs` makes of it."""
        return {f"docs/vendors/{self.vendor}.md", "kudos/labels.json"}


ADDED = (
    Added(
        "nordbillett",
        "nordbillett.toml",
        "mappings/",
        '    "nordbillett": shipped("nordbillett"),\n',
    ),
    Added(
        "sorbillett",
        "sorbillett.py",
        "",
        '    "sorbillett": sorbillett.ADAPTER,\n',
        "    sorbillett,\n",
    ),
)
SECURITY = "tests/contract/test_security.py"
#: What asks each vendor that is listed.
ASKING = (
    "tests/unit/ingest/test_adapters.py",
    "tests/unit/ingest/test_idempotence.py",
    "tests/unit/ingest/test_mutations.py",
    "tests/unit/ingest/test_numbers.py",
    "tests/unit/ingest/test_traps.py",
    "tests/unit/ingest/test_vendors.py",
    "tests/unit/cli/test_docs.py",
    SECURITY,
)
HOUSE = """
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "{vendor}"
  allow = ["192.0.2.0/24"]
"""


@pytest.fixture(scope="module", params=ADDED, ids=lambda added: added.vendor)
def added(request: pytest.FixtureRequest) -> Added:
    """Return what is added."""
    found: Added = request.param
    return found


@pytest.fixture(scope="module")
def tree(added: Added, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what is needed, to which the recipe was applied, but for `make docs`."""
    copy = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "images", "e2e", "integration")
    for name in ("kudos", "services", "simulation", "schemas", "docs", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, place in added.written.items():
        (copy / place).parent.mkdir(exist_ok=True)
        shutil.copy(RECIPE / name, copy / place)
    text = (copy / REGISTRY).read_text("utf-8").replace(IMPORTS, IMPORTS + added.imported)
    head, end = text.rstrip().removesuffix("}"), "}\n"
    (copy / REGISTRY).write_text(f"{head}{added.line}{end}", "utf-8")
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


def asked(tree: Path, vendor: str, files: Sequence[str]) -> int:
    """Return how many tests of *files* are of *vendor*; all of them pass."""
    options = ["-q", "-p", "no:cacheprovider", "-k", vendor, "-m", "not long"]
    last = run(tree, "-m", "pytest", *options, *files).strip().splitlines()[-1]
    assert "passed" in last
    return int(last.split()[0])


def files_of(tree: Path) -> dict[str, bytes]:
    """Return what is in the parts of *tree* that the recipe speaks of."""
    places = ("kudos", "services", "simulation", "docs", "tests/unit/ingest", "tests/support")
    found = (path for place in places for path in (tree / place).rglob("*") if path.is_file())
    ours = (path for path in found if path.suffix not in {".pyc", ".png"})
    return {str(path.relative_to(tree)): path.read_bytes() for path in ours}


def test_a_system_in_no_list_takes_a_module_or_mapping_a_pair_and_a_line(
    added: Added, tree: Path
) -> None:
    vendor, before, after = added.vendor, files_of(ROOT), files_of(tree)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {*added.written.values(), REGISTRY} == changed
    lines = after[REGISTRY].decode().splitlines(keepends=True)
    new = [line for line in lines if line not in before[REGISTRY].decode()]
    assert [line for line in (added.imported, added.line) if line] == new

    (tree / "hus.toml").write_text(HOUSE.format(vendor=vendor), "utf-8")
    run(tree, "-m", "kudos.cli", "docs", "docs")
    now = files_of(tree)
    assert added.made == {path for path in now if now[path] != after.get(path)}
    assert "ASSUMED" in (tree / f"docs/vendors/{vendor}.md").read_text("utf-8")
    assert "1 organisations, 1 feeds" in run(tree, "-m", "kudos.cli", "organisations", "check")
    rows = json.loads(run(tree, "-m", "kudos.cli", "vendors", "list", "--json"))
    [row] = [row for row in rows if row["id"] == vendor]
    assert ("ASSUMED", ["hus"]) == (row["label"], row["organisations"])
    assert asked(tree, vendor, ASKING) > 30


@pytest.mark.long
def test_nothing_else_has_a_list_of_vendors(added: Added, tree: Path) -> None:
    """All that is asked of any vendor, or of all at once, is content with one more."""
    run(tree, "-m", "kudos.cli", "docs", "docs")
    chosen = ["-m", "not long and not engine and not kafka and not browser"]
    places = [f"tests/unit/{place}" for place in ("ingest", "cli", "simulation", "test_vendors.py")]
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, *places, SECURITY)
