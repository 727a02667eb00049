"""An official register is read as it comes, checked line by line, and used by enrich."""

from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kudos.cli.reference import command, read
from kudos.errors import Misconfigured
from kudos.municipalities import municipalities
from kudos.place import packaged, places
from kudos.records import Place
from kudos.survey import Share, shares
from services.identity.names import names
from tests.support.shared import beside

POSTEN = "0155\tOSLO\t0301\tOSLO\tG\r\n6003\tÅLESUND\t1508\tÅLESUND\tB\r\n".encode("cp1252")
HEADED = (
    "\ufeffpostal_code;post_place;municipality_no;centrality\n"
    "0155;Oslo;0301;1\n9170;Longyearbyen;2100;\n"
)
REGISTER = "data/reference/no_postal_codes_2026.csv"


def load(
    file: Path, data: Path, monkeypatch: pytest.MonkeyPatch, kind: str = "postal-codes"
) -> Result:
    monkeypatch.delenv("KUDOS_REFERENCE", raising=False)
    return CliRunner().invoke(command, ["import", kind, str(file), "--data", str(data)])


def test_posten_s_register_is_read_as_it_is() -> None:
    expected = {"0155": Place("03", "0301", None), "6003": Place("15", "1508", None)}
    assert expected == read(POSTEN)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_delimited_file_with_a_head_is_read(delimiter: str) -> None:
    text = HEADED.replace(";", delimiter)
    expected = {"0155": Place("03", "0301", "1"), "9170": Place("21", "2100", None)}
    assert expected == read(text.encode())
    named = text.replace("centrality", "centrality_class_2024")
    assert expected == read(named.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its head does not name"),
        ("a,b\n1,2\n", "its head does not name"),
        ("postal_code,municipality_no\n", "it holds no postal code"),
        ("postal_code,municipality_no\n0155,0301\n155,0301\n", "line 3: postal_code is not four"),
        ("postal_code,municipality_no\n0155,301\n", "line 2: municipality_no is not four"),
        ("postal_code,municipality_no\n0155\n", "line 2: municipality_no is not four"),
        ("postal_code,municipality_no\n0155,0301\n0155,0301\n", "line 3: its postal code stands"),
        ("postal_code,municipality_no,centrality\n0155,0301,7\n", "line 2: centrality is none"),
        ("0155\tOSLO\n", "line 1: municipality_no is not four"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        read(text.encode())


def test_what_was_imported_is_what_enrich_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "register.txt").write_bytes(POSTEN)
    result = load(tmp_path / "register.txt", tmp_path, monkeypatch)
    assert 0 == result.exit_code, result.output
    assert result.output.startswith("2 postal codes of 2 municipalities\n2 of 2 ")
    known = places(tmp_path / "reference")
    assert Place("15", "1508", None) == known["6003"]
    assert len(packaged()) == len(known)
    # a second import replaces the first
    (tmp_path / "register.txt").write_text(HEADED, "utf-8")
    assert 0 == load(tmp_path / "register.txt", tmp_path, monkeypatch).exit_code
    assert Place("15") == places(tmp_path / "reference")["6003"]


def test_municipalities_are_called_as_the_register_calls_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {} == municipalities(tmp_path)
    more = POSTEN + "3630\tRØDBERG\t3338\tNORE OG UVDAL\tG\r\n".encode("cp1252")
    (tmp_path / "register.txt").write_bytes(more)
    assert 0 == load(tmp_path / "register.txt", tmp_path, monkeypatch).exit_code
    expected = {"0301": "Oslo", "1508": "Ålesund", "3338": "Nore og Uvdal"}
    assert expected == municipalities(tmp_path / "reference")


def test_a_bad_register_leaves_the_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "register.txt"
    file.write_bytes(POSTEN)
    load(file, tmp_path, monkeypatch)
    file.write_text("postal_code,municipality_no\n0155\n")
    result = load(file, tmp_path, monkeypatch)
    assert 1 == result.exit_code
    assert "line 2" in result.output
    assert "1508" == places(tmp_path / "reference")["6003"].municipality


def test_where_it_goes_is_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "register.txt").write_bytes(POSTEN)
    monkeypatch.setenv("KUDOS_REFERENCE", str(tmp_path / "elsewhere"))
    arguments = ["import", "postal-codes", str(tmp_path / "register.txt")]
    assert 0 == CliRunner().invoke(command, arguments).exit_code
    assert (tmp_path / "elsewhere" / "postal_codes.csv").is_file()


def test_a_file_that_is_not_there_or_a_kind_that_is_none_is_misuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = load(tmp_path / "none", tmp_path, monkeypatch)
    assert isinstance(result.exception, Misconfigured)
    assert 2 == load(tmp_path / "none", tmp_path, monkeypatch, "horoscopes").exit_code


def test_the_package_s_counties_are_the_register_s() -> None:
    """What docs/reference.md says, where the register is there to be compared."""
    register = read(beside(REGISTER).read_bytes())
    package = packaged()
    both = register.keys() & package.keys()
    assert len(both) >= 5121
    assert {} == {
        code: (register[code].county, package[code].county)
        for code in both
        if register[code].county != package[code].county
    }
    assert register.keys() - package.keys() == set()
    assert package.keys() - register.keys() == set()


NAMES = "Fornavn;Kvinner;Menn\nKari;20000;.\nKim;700;8000\n"


def test_given_names_are_what_identity_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "names.csv").write_bytes(NAMES.encode("cp1252"))
    result = load(tmp_path / "names.csv", tmp_path, monkeypatch, "given-names")
    assert 0 == result.exit_code, result.output
    assert result.output.startswith("2 names, of which 2 tell a gender\n2 of 2 ")
    assert ("male", 0.92) == names(tmp_path / "reference").gender("Kim")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "its head does not name"),
        ("name,women\nKari,1\n", "its head does not name"),
        ("name,women,men\n", "it holds no name"),
        ("name,women,men\nKari,1,1\n,1,1\n", "line 3: its name is empty"),
        ("name,women,men\nKari,-1,1\n", "line 2: women is no count"),
        ("name,women,men\nKari,1,1.5\n", "line 2: men is no count"),
        ("name,women,men\nKari,1,1\nKari,1,1\n", "line 3: its name stands twice"),
    ],
)
def test_what_is_wrong_with_given_names_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    (tmp_path / "names.csv").write_text(text, "utf-8")
    result = load(tmp_path / "names.csv", tmp_path, monkeypatch, "given-names")
    assert 1 == result.exit_code
    assert said in result.output
    assert not (tmp_path / "reference").exists()


SHARES = (
    "period;industry;region;segment;share;respondents\n"
    "2025;museum;46;essence;0,29;1204\n2025;museum;46;Stimulation;19 %;1204\n2025;;;Release;0.5;\n"
)


def test_shares_of_a_survey_are_kept_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shares.csv").write_text(SHARES, "utf-8")
    result = load(tmp_path / "shares.csv", tmp_path, monkeypatch, "npumonitor")
    assert (0, "3 shares of 2 groups, 2025 to 2025\n") == (result.exit_code, result.output)
    assert [
        Share("2025", "museum", "46", "Essence", Decimal("0.29"), 1204),
        Share("2025", "museum", "46", "Stimulation", Decimal("0.19"), 1204),
        Share("2025", "", "", "Release", Decimal("0.5"), None),
    ] == shares(tmp_path / "reference")
    percent = "period,segment,percent\n2025-03,Essence,29\n"
    (tmp_path / "shares.csv").write_text(percent, "utf-8")
    assert 0 == load(tmp_path / "shares.csv", tmp_path, monkeypatch, "npumonitor").exit_code
    assert [Decimal("0.29")] == [one.share for one in shares(tmp_path / "reference")]
    assert [] == shares(None) == shares(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "it holds no share"),
        ("25,museum,46,Essence,0.1,", "line 2: period is no year"),
        ("2025,opera,46,Essence,0.1,", "line 2: industry is none"),
        ("2025,museum,Oslo,Essence,0.1,", "line 2: region is no county"),
        ("2025,museum,46,Kari,0.1,", "line 2: segment is none of the eight"),
        ("2025,museum,46,Essence,-0.1,", "line 2: share is no number"),
        ("2025,museum,46,Essence,,", "line 2: share is no number"),
        ("2025,museum,46,Essence,29,", "line 2: share is over 1"),
        ("2025,museum,46,Essence,0.1,few", "line 2: respondents is no count"),
        ("2025,,,Essence,0.1,\n2025,,,essence,0.1,", "line 3: its segment stands twice"),
        ("2025,,,Essence,0.9,\n2025,,,Release,0.2,", "line 3: the shares of its group are over"),
    ],
)
def test_what_is_wrong_with_shares_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, said: str
) -> None:
    head = "period,industry,region,segment,share,respondents\n"
    (tmp_path / "shares.csv").write_text(head + rows, "utf-8")
    result = load(tmp_path / "shares.csv", tmp_path, monkeypatch, "npumonitor")
    assert 1 == result.exit_code
    assert said in result.output
    assert "Kari" not in result.output


def test_shares_that_were_spoiled_stop_who_reads_them(tmp_path: Path) -> None:
    for text in ("", "period\n2025\n", SHARES.replace(";", ",")):
        (tmp_path / "survey_shares.csv").write_text(text, "utf-8")
        with pytest.raises(Misconfigured, match="import it again"):
            shares(tmp_path)
