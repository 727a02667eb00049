"""``kudos evaluate identity``: its numbers, and what it finds where the truth is known."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kudos.cli.evaluate import evaluated, identity
from kudos.errors import Misconfigured
from tests.support import oracles

MAIL = "familien@nordvik.no"
#: Kari three times, one of them only by her phone; Knut at her e-mail; somebody of whom nothing is
#: known; and a couple of one name, whom the e-mail joins wrongly.
RECORDS: list[dict[str, str | None]] = [
    {"record": "1", "given_name": "Kari", "email": MAIL},
    {"record": "2", "given_name": "Kari", "email": MAIL, "phone": "92345678"},
    {"record": "3", "phone": "92345678"},
    {"record": "4", "given_name": "Knut", "email": MAIL},
    {"record": "5"},
    {"record": "6", "given_name": "Kim", "email": "kim@nordvik.no"},
    {"record": "7", "given_name": "Kim", "email": "kim@nordvik.no"},
    {"record": "8", "given_name": "Kim", "family_name": "Lund", "email": "kim@nordvik.no"},
    {"record": "9", "given_name": "Kari", "street": "Storgata 1"},
]
TRUTH = {"1": "a", "2": "a", "3": "a", "4": "b", "5": "c", "6": "d", "7": "d", "8": "e", "9": "a"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return oracles.write(tmp_path, RECORDS, TRUTH)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(identity, [str(a) for a in arguments])


def test_pairs_persons_and_what_each_rule_did(files: tuple[Path, Path]) -> None:
    answer = run(*files, "--json")
    assert 0 == answer.exit_code
    assert {
        "records": 9,
        "anonymous": 2,
        "persons_true": 5,
        "persons_found": 5,
        "pairs_true": 7,
        "pairs_found": 6,
        "pairs_right": 4,
        "precision": 4 / 6,
        "recall": 4 / 7,
        "f1": 8 / 13,
        "largest": 3,
        "rules": {
            "email": {"pairs": 3, "right": 1},
            "phone": {"pairs": 2, "right": 2},
            "refused by name": {"pairs": 2, "right": 0},
            "same claims": {"pairs": 1, "right": 1},
        },
    } == json.loads(answer.output)


def test_the_same_for_people_to_read(files: tuple[Path, Path]) -> None:
    lines = [line.split() for line in run(*files).output.splitlines()]
    assert ["precision", "0.66667"] in lines
    assert ["phone", "2", "2"] in lines


def test_a_number_is_one_customer_s_within_an_organisation(tmp_path: Path) -> None:
    rows = [("record", "organisation", "number"), ("1", "a", "7"), ("2", "a", "7"), ("3", "b", "7")]
    with (tmp_path / "r.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "t.csv").write_text("record,person\n1,x\n2,x\n3,y\n")
    found = evaluated(tmp_path / "r.csv", tmp_path / "t.csv")
    assert (1.0, 1.0, 2) == (found.precision, found.recall, found.persons_found)


def test_no_records_have_no_shares(tmp_path: Path) -> None:
    found = evaluated(*oracles.write(tmp_path, [], {}))
    assert (0, None, None) == (found.records, found.precision, found.recall)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda r, _t: r.write_text("name\nKari\n"), "has no column record"),
        (lambda _r, t: t.write_text("record\n1\n"), "has no column person"),
        (lambda _r, t: t.write_text("record,person\n1,a\n"), "does not know 8 of the records"),
        (lambda r, _t: r.write_text("record,gender\n1,hemmelig\n"), "record 1: gender"),
        (lambda r, _t: r.write_text("record\n1\n1\n"), "record 2 has the name of another"),
        (lambda r, _t: r.write_bytes(b"record\n\xff\n"), "UnicodeDecodeError"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_quoted(
    files: tuple[Path, Path], spoil: Callable[[Path, Path], object], said: str
) -> None:
    spoil(*files)
    with pytest.raises(Misconfigured, match=said) as refused:
        evaluated(*files)
    assert "hemmelig" not in str(refused.value)


@pytest.mark.parametrize(("number", "persons", "recall"), [(1, 500, 0.54), (2, 4000, 0.42)])
def test_febrl(tmp_path: Path, number: int, persons: int, recall: float) -> None:
    """Names, addresses and birth dates, all mistyped, and no strong key."""
    found = evaluated(*oracles.febrl(number, tmp_path))
    assert persons == found.persons_true
    assert 1.0 == found.precision
    assert (found.recall or 0) > recall


def test_senzing(tmp_path: Path) -> None:
    """Made of hard cases: firms, nicknames, shared phones, and ids that KUDOS never has."""
    found = evaluated(*oracles.senzing(tmp_path))
    assert (159, 85, 108) == (found.records, found.persons_true, found.pairs_true)
    assert 1.0 == found.precision
    assert (found.recall or 0) > 0.1
