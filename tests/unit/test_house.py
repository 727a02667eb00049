"""The house: directions of import, sizes and names, so that a newcomer finds the way of a sale."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("kudos", "services", "simulation", "schemas")
OURS = sorted(p for part in (*PARTS, "benchmarks") for p in (ROOT / part).rglob("*.py"))

#: Files over 300 lines, each with its reason.
LONG: dict[str, str] = {}

#: A module is one noun of the domain.
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter on the checkout in *folder*."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "violation"),
    [
        (None, None),
        ("services/ingest/__init__.py", "import services.identity"),
        ("kudos/records.py", "import services.ingest"),
        ("services/query/__init__.py", "import simulation"),
        ("services/ingest/adapters/__init__.py", "import confluent_kafka"),
    ],
)
def test_an_import_against_the_direction_is_seen(
    checkout: Path, file: str | None, violation: str | None
) -> None:
    if file is not None:
        with (checkout / file).open("a", encoding="utf-8") as text:
            text.write(f"\n{violation}\n")
    result = lint_imports(checkout)
    assert (file is None) == (result.returncode == 0), result.stdout + result.stderr


def test_no_file_is_long_without_a_reason() -> None:
    long = {str(p.relative_to(ROOT)) for p in OURS if len(p.read_text("utf-8").splitlines()) > 300}
    assert set(LONG) == long


def test_no_module_has_a_vague_name() -> None:
    assert [] == [p for p in OURS if p.stem in VAGUE or p.parent.name in VAGUE]


def test_no_registry_or_machine_is_named() -> None:
    found = re.compile(r"(^|[^A-Za-z0-9_.-])/(work|root)/[A-Za-z.]|--(extra-)?index-url")
    files = [*OURS, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]
    files += [ROOT / "pyproject.toml", ROOT / "constraints.txt", *(ROOT / ".ci").iterdir()]
    assert [] == [p.name for p in files if found.search(p.read_text("utf-8"))]
