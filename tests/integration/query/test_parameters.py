"""The private parameters of disclosure control are those that a cut is made by."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kudos.clickhouse import connect
from kudos.errors import Misconfigured
from services.query.cuts import store
from services.query.disclosure.model import Rules
from services.query.settings import Settings
from tests.support import derived

pytestmark = pytest.mark.engine

_HOUSE = """
[[organisation]]
id = "{id}"
name = "{id}"
industry = "museum"
county = "46"
city = "4601"
owner = "{id}"
"""


def settings(folder: Path, text: str | None = None) -> Settings:
    """Return settings whose secrets have *text* as the parameters."""
    path = folder / "query" / "disclosure.toml"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text, "utf-8")
    return Settings(
        kafka="127.0.0.1:1",
        clickhouse="http://127.0.0.1:1/kudos",
        secrets=folder,
        organisations=folder / "organisations.toml",
    )


def test_they_are_the_defaults_or_what_the_file_says(tmp_path: Path) -> None:
    assert Rules() == settings(tmp_path).rules()
    found = settings(tmp_path, "k = 7\nlargest = 0.4\ndigits = 2").rules()
    assert Rules(k=7, largest=0.4, digits=2) == found


@pytest.mark.parametrize(
    "text",
    ["k = 0", "k = 4321.5", "kk = 4321", "k =", "largest = 1.0", "p = 0", 'off = ["solver"]'],
)
def test_what_protects_nobody_is_refused_and_not_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured, match=r"query/disclosure\.toml is wrong") as told:
        settings(tmp_path, text).rules()
    assert "4321" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_cut_is_made_by_them(engine_url: str, tmp_path: Path) -> None:
    worlds, houses = derived.worlds_of(2)
    register = tmp_path / "organisations.toml"
    register.write_text("".join(_HOUSE.format(id=name) for name in houses.organisations), "utf-8")
    told = {
        "KUDOS_KAFKA": "127.0.0.1:1",
        "KUDOS_CLICKHOUSE": engine_url,
        "KUDOS_ORGANISATIONS": str(register),
        "KUDOS_SECRETS": str(tmp_path),
    }

    def cut(text: str) -> "subprocess.CompletedProcess[str]":
        settings(tmp_path, text)
        command = [sys.executable, "-m", "services.query.cuts"]
        return subprocess.run(
            command, env=os.environ | told, capture_output=True, text=True, timeout=120, check=False
        )

    with connect(engine_url) as client:
        derived.write(client, worlds, slice(None))
        for text, shown in (("k = 4321", False), ("k = 1", True)):
            done = cut(text)
            assert 0 == done.returncode, done.stderr
            assert shown == (store.history(client)[0].published > 0)
            assert "4321" not in done.stdout + done.stderr
        assert 2 == cut("k = -4321").returncode
        assert 2 == len(store.history(client))
