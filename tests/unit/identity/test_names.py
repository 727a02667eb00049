"""What a given name tells of gender, and when it tells nothing."""

import csv
from pathlib import Path

import pytest

from kudos.cli.given_names import read
from kudos.errors import Misconfigured
from services.identity.names import Bearers, Names, folded, imported, names, packaged
from tests.support.shared import beside

REGISTER = "data/reference/no_first_names_gender_birthyear.csv"


@pytest.fixture(scope="module")
def known() -> Names:
    return names(None)


@pytest.mark.parametrize(
    ("name", "sex"),
    [
        ("Kari", "female"),
        ("ÅSE", "female"),
        ("Aase", "female"),
        ("  øyvind ", "male"),
        ("Inge", "male"),  # the Germans' is a woman's name
        ("Per-Erik", "male"),
        ("Ole Petter", "male"),
        ("Anne Xenia", "female"),  # who is not listed says nothing
    ],
)
def test_the_package_tells_norwegian_names(known: Names, name: str, sex: str) -> None:
    told = known.gender(name)
    assert told is not None
    assert sex == told[0]
    assert 0.9 <= told[1] < 1


@pytest.mark.parametrize(
    "name", [None, "", " ", "K.", "Kari og Ola", "Nikola", "Xqz", "12", "\ud800", "Ola" * 999]
)
def test_what_tells_nothing_is_no_guess(known: Names, name: str | None) -> None:
    assert known.gender(name) is None


def test_bearers_that_the_register_hides_are_reckoned_with() -> None:
    told = Names({"a": Bearers(women=10_000), "b": Bearers(450), "c": Bearers(449)})
    assert ("female", 0.995) == told.gender("a")
    assert ("female", 0.9) == told.gender("b")
    assert told.gender("c") is None


@pytest.mark.parametrize(
    ("women", "men", "expected"),
    [(900, 100, ("female", 0.9)), (899, 101, None), (100, 900, ("male", 0.9)), (500, 500, None)],
)
def test_a_share_below_the_threshold_tells_nothing(women: int, men: int, expected: object) -> None:
    assert expected == Names({"kim": Bearers(women, men)}).gender("Kim")


def test_too_few_bearers_tell_nothing() -> None:
    assert Names({"kim": Bearers(199, 1)}).gender("Kim") is not None
    assert Names({"kim": Bearers(198, 1)}).gender("Kim") is None


def test_spellings_of_one_name_are_counted_together() -> None:
    rows = [("Kåre", 40, 300), ("Kaare", 0, 200), ("KARE", 50, 0)]
    assert {"kare": Bearers(90, 500)} == folded(rows)


def test_the_imported_register_wins(tmp_path: Path) -> None:
    (tmp_path / "given_names.csv").write_text("name,women,men\nKari,0,5000\nXqz,9000,0\n", "utf-8")
    known = names(tmp_path)
    assert ("male", 0.99) == known.gender("Kari")
    assert ("female", 0.994) == known.gender("Xqz")
    assert ("male", 0.999) == known.gender("Per")
    assert names(tmp_path / "nothing").gender("Xqz") is None


@pytest.mark.parametrize(
    "text", ["", "name,women\nA,1\n", "name,women,men\nA,many,0\n", "name,women,men\nA,1\n"]
)
def test_a_register_that_is_broken_stops_the_service(tmp_path: Path, text: str) -> None:
    (tmp_path / "given_names.csv").write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match="import it again"):
        imported(tmp_path / "given_names.csv")


def test_agrees_with_another_reckoning_of_the_same_statistics(known: Names) -> None:
    """It weighs each year's names by the living, and was made by others."""
    with beside(REGISTER).open(encoding="utf-8", newline="") as text:
        rows = {row["name"]: float(row["p_female"]) for row in csv.DictReader(text)}
    told = {name: found for name in rows if (found := known.gender(name)) is not None}
    assert len(told) > 900
    wrong = [n for n, (sex, _) in told.items() if (sex == "female") != (rows[n] > 0.5)]
    assert [] == wrong


def test_the_register_beside_the_project_is_read_as_it_is(known: Names) -> None:
    register = Names(folded(read(beside(REGISTER).read_bytes())))
    assert ("male", 0.929) == register.gender("Kim")
    both = [n for n in packaged() if known.gender(n) and register.gender(n)]
    assert len(both) > 800
    assert all(known.gender(n)[0] == register.gender(n)[0] for n in both)  # type: ignore[index]  # both tell
