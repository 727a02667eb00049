"""A postal code tells a county; an imported register its municipality too, and wins."""

from pathlib import Path

import pytest

from kudos.errors import Misconfigured
from kudos.place import imported, packaged, place, places
from kudos.records import Place

HEAD = "postal_code,municipality_no,centrality\n"
#: Of 2024, Svalbard (21) and Jan Mayen (22) included.
COUNTIES = [
    "03",
    "11",
    "15",
    "18",
    "31",
    "32",
    "33",
    "34",
    "39",
    "40",
    "42",
    "46",
    "50",
    "55",
    "56",
    "21",
    "22",
]


@pytest.fixture(scope="module")
def package() -> dict[str, Place]:
    return packaged()


def register(folder: Path, text: str) -> Path:
    file = folder / "postal_codes.csv"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("code", "county"),
    [
        ("0155", "03"),
        ("5003", "46"),
        ("7013", "50"),
        ("9008", "55"),
        ("9510", "56"),
        ("1606", "31"),
        ("9170", "21"),
    ],
)
def test_the_package_knows_the_counties_of_2024(
    package: dict[str, Place], code: str, county: str
) -> None:
    assert Place(county=county) == package[code]


def test_every_code_of_the_package_has_one_of_the_counties(package: dict[str, Place]) -> None:
    assert len(package) > 5000
    assert set(COUNTIES) == {p.county for p in package.values()}
    assert {4} == {len(code) for code in package}


def test_an_imported_register_wins_and_the_package_fills_in(tmp_path: Path) -> None:
    register(tmp_path, HEAD + "0155,0301,1\n9999,5636,\n")
    known = places(tmp_path)
    assert Place("03", "0301", "1") == known["0155"]
    assert Place("56", "5636", None) == known["9999"]
    assert Place("46") == known["5003"]


@pytest.mark.parametrize("reference", [None, Path("nowhere")])
def test_without_a_register_the_package_alone_is_known(
    package: dict[str, Place], reference: Path | None
) -> None:
    assert package == places(reference)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code,place\n0155,0301\n",
        HEAD + "0155\n",
        HEAD.replace(",centrality", "") + "0155,0301\n",
    ],
)
def test_a_register_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misconfigured, match=r"KUDOS_REFERENCE.*postal_codes\.csv"):
        imported(register(tmp_path, text))


def test_a_register_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "postal_codes.csv"
    file.write_bytes(HEAD.encode() + b"0155,0301,\xe6\n")
    with pytest.raises(Misconfigured, match="import it again"):
        imported(file)


@pytest.mark.parametrize(
    ("country", "code"),
    [("SE", "0155"), (None, "0155"), ("NO", None), ("NO", "0000"), (None, None)],
)
def test_abroad_and_what_is_no_code_is_unknown(
    package: dict[str, Place], country: str | None, code: str | None
) -> None:
    assert Place() == place(package, country, code)
