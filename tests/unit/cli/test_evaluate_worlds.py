"""``kudos evaluate identity`` on simulated customers: all of a clean world, most of a dirty one."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kudos.cli.evaluate import command
from simulation.accounts import Kind
from simulation.play import play
from simulation.truth import Truth
from simulation.world import World

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
COLUMNS = (
    "number",
    "given_name",
    "family_name",
    "email",
    "phone",
    "street",
    "postal_code",
    "country",
    "birth_date",
    "gender",
)
#: Of the pairs that are found, at least this share are of one person.
PRECISION = 0.999


def evaluated(kind: Kind, orders: int, seed: int, folder: Path) -> Any:
    """Return what the command says of the customers of *orders*."""
    truth = Truth()
    play(World(seed, UNTIL, people=orders, kind=kind), orders, truth, None)
    rows = truth.told.table().rows(named=True)
    records, persons = folder / "records.csv", folder / "truth.csv"
    with records.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("record", "organisation", *COLUMNS))
        # a customer's number is its vendor's, of which a record has no column
        table.writerows(
            (row["customer"], f"{row['organisation']}.{row['vendor']}", *map(row.get, COLUMNS))
            for row in rows
        )
    with persons.open("w", encoding="utf-8", newline="") as file:
        pairs = ((row["customer"], row["person"]) for row in rows)
        csv.writer(file).writerows([("record", "person"), *pairs])
    done = CliRunner().invoke(command, ["identity", str(records), str(persons), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def told(capsys: pytest.CaptureFixture[str], kind: Kind, found: Any) -> None:
    with capsys.disabled():
        print(
            f"\n{kind}: {found['records']:,} records of {found['persons_true']:,} persons, "
            f"{found['persons_found']:,} found: precision {found['precision']:.5f}, "
            f"of joining {joining(found):.5f}, recall {found['recall']:.5f}"
        )


def joining(found: Any) -> float:
    """Return the precision of the pairs that were one ref only after a rule joined them."""
    alike = found["rules"].get("same claims", {"pairs": 0, "right": 0})
    pairs, right = (
        found[f"pairs_{n}"] - alike[m] for n, m in (("found", "pairs"), ("right", "right"))
    )
    return float(right / pairs)


def test_in_a_clean_world_every_person_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluated("clean", 12_000, 1, tmp_path)
    told(capsys, "clean", found)
    assert (1.0, 1.0) == (found["precision"], found["recall"])
    assert found["persons_true"] == found["persons_found"] > 5_000
    assert found["pairs_true"] > 10_000


@pytest.mark.parametrize(
    ("orders", "seed"),
    [
        (12_000, 1),
        *(pytest.param(30_000, seed, marks=pytest.mark.long) for seed in range(1, 11)),
    ],
)
def test_in_a_dirty_world_hardly_anybody_is_taken_for_another(
    orders: int, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluated("dirty", orders, seed, tmp_path)
    told(capsys, "dirty", found)
    assert found["precision"] >= PRECISION
    # what says nothing finds nobody: some give a phone here and an e-mail there
    assert found["recall"] > 0.7
    assert found["pairs_true"] > 10_000
