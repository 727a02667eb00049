"""Which systems there are, what is known of them, and who uses them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kudos.cli import vendors
from kudos.cli.source_pages import ALL
from services.ingest.adapters import ADAPTERS
from services.ingest.sources import SOURCES

DOCS = Path(__file__).parents[3] / "docs" / "vendors"
REGISTER = """
[[organisation]]
id = "hus"
name = "Hus"
industry = "annet"
county = "03"
city = "0301"
owner = "hus"
  [[organisation.vendor]]
  id = "tixly"
"""


#: The ids that registers, addresses and figures know of old: they never change. New ones need not.
IDS = """tixly ticketco eventim ticketmaster ebillett enjoyly duell hoopla businesscentral pckasse
reztic trekksoft sro tikkio dx tessitura museumbillett billetten datanova homemade saft"""


def test_every_vendor_that_was_promised_is_read() -> None:
    assert set(IDS.split()) <= set(ADAPTERS)


@pytest.mark.parametrize("vendor", ADAPTERS)
def test_every_adapter_has_its_page(vendor: str) -> None:
    page = (DOCS / f"{vendor}.md").read_text("utf-8")
    assert f"(`{vendor}`)" in page.splitlines()[0]
    assert ADAPTERS[vendor].label in page


@pytest.mark.parametrize("source", ALL)
def test_every_source_of_profiles_has_its_page(source: str) -> None:
    page = (DOCS.parent / "sources" / f"{source}.md").read_text("utf-8")
    assert f"(`{source}`)" in page.splitlines()[0]
    assert f"**{ALL[source].label}**" in page


def listed(data: Path, *more: str) -> str:
    result = CliRunner().invoke(vendors.command, ["list", "--data", str(data), *more])
    assert 0 == result.exit_code, result.output
    return result.output


def test_lists_every_vendor_and_who_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUDOS_ORGANISATIONS", raising=False)
    (tmp_path / "organisations.toml").write_text(REGISTER, "utf-8")
    rows = {row["id"]: row for row in json.loads(listed(tmp_path, "--json"))}
    assert [*ADAPTERS, *SOURCES, "npumonitor"] == list(rows)
    assert ("SEEN", ["poll", "push", "import"], ["hus"]) == (
        rows["tixly"]["label"],
        rows["tixly"]["transports"],
        rows["tixly"]["organisations"],
    )
    labels = {id_: one.label for id_, one in ADAPTERS.items()}
    labels |= {id_: one.label for id_, one in ALL.items()}
    assert labels == {id_: row["label"] for id_, row in rows.items()}
    assert {"DOC", "SEEN", "ASSUMED"} == set(labels.values())
    assert [] == rows["tikkio"]["organisations"]
    lines = [line.split() for line in listed(tmp_path).splitlines()]
    assert ["tixly", "SEEN", "poll", "push", "import", "hus"] in lines


def test_nobody_uses_any_where_there_is_no_register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUDOS_ORGANISATIONS", raising=False)
    assert not any(row["organisations"] for row in json.loads(listed(tmp_path, "--json")))
