"""The register of inhabitants is read as it comes, checked line by line, and what query reads."""

import gzip
from pathlib import Path

import pytest

from kudos.cli.inhabitants import read, said, write
from kudos.errors import Misconfigured
from kudos.population import BANDS, People, population
from tests.support.shared import beside

REGISTER = "data/reference/no_population_age_municipality_2024_2026.csv.gz"
HEAD = "year,municipality_no,age,persons\n"
OFFICIAL = (
    '\ufeff"region";"alder";"kjønn";"år";"personer"\r\n'
    '"0301 Oslo";"15 år";"Menn";"2025";"7"\r\n"0301 Oslo";"15 år";"Kvinner";"2025";"5"\r\n'
    '"K-4601 Bergen";"105 år eller eldre";"Menn";"2025";"2"\r\n'
)


def test_statistics_norway_s_words_are_read_and_sexes_added_up() -> None:
    expected = [
        People("", 2025, "0301", "0-15", 12),
        People("", 2025, "4601", "75+", 2),
    ]
    assert expected == read(OFFICIAL.encode())
    assert expected == read(OFFICIAL.removeprefix("\ufeff").encode("cp1252"))


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("0", "0-15"),
        ("15", "0-15"),
        ("16", "16-24"),
        ("0-4", "0-15"),
        ("70–74 år", "65-74"),  # noqa: RUF001 (as tables have it)
        ("75+", "75+"),
        ("90 år eller eldre", "75+"),
        ("34 years", "25-34"),
    ],
)
def test_an_age_is_in_a_band(age: str, band: str) -> None:
    [one] = read(f"{HEAD}2025,0301,{age},9\n".encode())
    assert band == one.age_band


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "its head does not name"),
        ("year,municipality_no,age\n2025,0301,3\n", "its head does not name"),
        (HEAD, "it holds no inhabitants"),
        (f"{HEAD}2025,301,3,9\n", "line 2: municipality_no is not four digits"),
        (f"{HEAD}25,0301,3,9\n", "line 2: year is none"),
        (f"{HEAD}2025,0301,10-19,9\n", "line 2: age is in none of the bands"),
        (f"{HEAD}2025,0301,67 år eller eldre,9\n", "line 2: age is in none of the bands"),
        (f"{HEAD}2025,0301,all,9\n", "line 2: age is in none of the bands"),
        (f"{HEAD}2025,0301,3,9\n2025,0301,4,-1\n", "line 3: persons is no count"),
        (f"{HEAD}2025,0301,3,9\n2025,0301,3,8\n", "line 3: its year, municipality, age and sex"),
        ("table,year,region,age,persons\na,2025,0301,3,9\nb,2025,0301,4,8\n", "line 3: its year"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, wrong: str) -> None:
    with pytest.raises(Misconfigured, match=wrong):
        read(text.encode())


def test_what_was_imported_is_what_query_reads(tmp_path: Path) -> None:
    assert not population(tmp_path)
    found = read(f"{HEAD}2024,0301,3,9\n2026,0301,30,6\n2026,4601,80,3\n".encode())
    write(tmp_path, found)
    known = population(tmp_path)
    assert known
    assert [2024, 2024, 2024, 2026, 2026] == [known.year(y) for y in (2020, 2024, 2025, 2026, 2031)]
    assert {"25-34": 6, "75+": 3} == known.by(2026, "", "age_band")
    assert {"4601": 3} == known.by(2026, "46", "municipality")
    assert {"03": 6, "46": 3} == known.by(2026, "", "county")
    assert {} == known.by(2026, "11", "age_band")
    assert "2026: 9 inhabitants of 2 municipalities; nobody is 0-15, 16-24" in said(found)
    (tmp_path / "population.csv").write_text("year\n2025\n")
    with pytest.raises(Misconfigured, match=r"population\.csv; import it again"):
        population(tmp_path)


def test_the_register_that_is_beside_the_project_is_read_whole() -> None:
    text = gzip.decompress(beside(REGISTER).read_bytes())
    found = read(text)
    sums = {year: sum(o.persons for o in found if o.year == year) for year in (2024, 2026)}
    assert {2024: 5_550_203, 2026: 5_627_400} == sums
    assert 357 == len({one.municipality for one in found})
    assert {*BANDS} == {one.age_band for one in found}
