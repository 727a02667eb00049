"""What customers are told apart by comes into one form, whoever wrote it, and short paths agree."""

import string
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.identity import normalise

TODAY = date(2026, 5, 20)

ATOM = st.text(string.ascii_letters + string.digits + "_+-", min_size=1, max_size=30)
LABEL = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=70)
LOCAL = st.lists(ATOM, min_size=1, max_size=5).map(".".join)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
EMAIL = st.builds("{}@{}".format, LOCAL, DOMAIN)
#: Near misses: dots and signs in wrong places, other alphabets, blanks around.
NEAR = st.text("aZ09.@-+_ æÅßK\u0131\u212a\u017f'\"", max_size=20)


@settings(max_examples=400, deadline=None)
@given(EMAIL | NEAR | st.text(max_size=40) | EMAIL.map(lambda t: f" {t}\n"))
@example("a" * 33 + "." + "b" * 33 + "@example.no")
@example("a@" + "b" * 64 + ".no")
@example("someone@box.test")
@example("\u212aari@example.no")
@example("a@xn--bcher-kva.example.no")
@example("a@b.no" + "\u00df")
def test_the_short_path_of_e_mail_agrees_with_the_library(text: str) -> None:
    assert normalise.validated_email(text.strip()) == normalise.email(text)


@pytest.mark.parametrize("text", ["", "a", "a@b", "@example.no", "a@@example.no", "a b@example.no"])
def test_what_is_no_e_mail_address_is_none(text: str) -> None:
    assert normalise.email(text) is None


def test_an_e_mail_address_is_folded_and_its_plus_stays() -> None:
    assert normalise.email(" Kari.Moe+Billett@Havnett.NO ") == "kari.moe+billett@havnett.no"
    # composed and decomposed letters are one
    assert normalise.email("ka\u030are@havnett.no") == normalise.email("k\u00e5re@HAVNETT.no")


DIGITS = st.text("0123456789", min_size=1, max_size=15)
PHONE = st.builds(
    "{}{}".format, st.sampled_from(["", "+47", "0047", "47", "+", "00", "+46", "(+47) "]), DIGITS
)
SPACED = PHONE.map(lambda t: " ".join(t[i : i + 2] for i in range(0, len(t), 2)))


@settings(max_examples=600, deadline=None)
@given(PHONE | SPACED | st.text("0123456789+-() .x", max_size=18) | st.text(max_size=20))
@example("+47 22 33 44 55")
@example("0047 22334455")
@example("20000000")
@example("+4792345678")
def test_the_short_path_of_phone_agrees_with_the_library(text: str) -> None:
    for region in (None, "NO", "SE", "US", "GB"):
        assert normalise.parsed_phone(text, region or "NO") == normalise.phone(text, region)


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("92 34 56 78", None, "+4792345678"),
        ("+47 (0) 92345678", None, "+4792345678"),
        ("08-123 456 78", "SE", "+46812345678"),
        ("0046 8 123 456 78", None, "+46812345678"),
        ("12", None, None),
        ("ring meg", None, None),
        ("1" * 300, None, None),
    ],
)
def test_a_phone_number_is_e164(text: str, region: str | None, expected: str | None) -> None:
    assert expected == normalise.phone(text, region)


@pytest.mark.parametrize(
    "forms",
    [
        ("Kåre", "Kaare", "Kare", "KÅRE", "Ka\u030are"),
        ("Bjørn", "Bjoern", "Bjorn", "BJØRN"),
        ("Sæther", "Saether", "Sather"),
        ("Aas", "Ås", "As"),
        ("Müller", "Muller"),
        ("Žarko", "Zarko"),
        ("Ann-Kristin", "Ann Kristin", "ann  kristin"),
        ("Strauß", "Strauss"),
        ("O'Brien", "O\u2019Brien", "O\u00b4Brien", "OBrien"),
    ],
)
def test_spellings_of_one_word_are_one(forms: tuple[str, ...]) -> None:
    assert {tuple(normalise.words(form)) for form in forms} == {tuple(normalise.words(forms[0]))}


@pytest.mark.parametrize(("one", "other"), [("Kåre", "Kari"), ("Moe", "Mo Lie"), ("Berg", "Borg")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert normalise.words(one) != normalise.words(other)


def test_other_alphabets_come_to_ours() -> None:
    assert normalise.words("Ольга") == normalise.words("Olga")


@given(st.text(max_size=300))
def test_words_are_plain_and_stay_as_they_are(text: str) -> None:
    found = normalise.words(text)
    assert all(set(word) <= set(string.ascii_lowercase + string.digits) for word in found)


def test_a_name_s_parts_may_come_in_any_order() -> None:
    assert normalise.name("Kari Anne", "Moe") == normalise.name("Moe", "Anne Kari")
    assert normalise.name(None, "Moe") == normalise.name("Moe", None)
    assert normalise.name("", None) is None
    assert normalise.name("?!", "—") is None


@pytest.mark.parametrize(
    "forms",
    [
        ("Storgata 1 B", "Storgaten 1b", "Storgt. 1B", "STORGATE 1 b", "storgata 1b "),
        ("Fjellveien 20", "Fjellvegen 20", "Fjellvei 20", "Fjellveg 20", "Fjellvn. 20"),
        ("Åsgata 3", "Aasgata 3", "Asgt 3"),
    ],
)
def test_spellings_of_one_street_are_one(forms: tuple[str, ...]) -> None:
    assert {normalise.street(form) for form in forms} == {normalise.street(forms[0])}
    assert normalise.street(forms[0]) is not None


def test_different_streets_and_houses_stay_different() -> None:
    found = {"Storgata 1", "Storgata 11", "Storgata 1 b", "Storveien 1", "Lillegata 1"}
    assert len(found) == len({normalise.street(text) for text in found})
    assert normalise.street("") is None
    assert normalise.street(None) is None
    assert normalise.street(" - ") is None


@pytest.mark.parametrize("text", ["1980-02-29", "1980-02", "1980", " 1980 ", "2026-05-20", "1900"])
def test_a_birth_date_is_as_much_as_came(text: str) -> None:
    assert text.strip() == normalise.birth_date(text, TODAY)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "1981-02-29",
        "1980-13",
        "1980-00-00",
        "1899-12-31",
        "0001-01-01",
        "2026-05-21",
        "2027",
        "19800101",
        "1980-1-1",
        "01.02.1980",
        "1980-02-",
        "١٩٨٠",
    ],
)
def test_what_is_no_birth_date_is_none(text: str | None) -> None:
    assert normalise.birth_date(text, TODAY) is None


@given(st.text(max_size=12) | st.from_regex(r"\A[0-9]{4}(-[0-9]{2}){0,2}\Z"))
def test_a_birth_date_never_fails(text: str) -> None:
    found = normalise.birth_date(text, TODAY)
    assert found is None or found == text.strip()


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("0155", None, ("NO", "0155")),
        (" 0155 ", "NO", ("NO", "0155")),
        ("155", None, ("NO", "0155")),
        ("55", None, None),
        ("55", "NO", ("NO", "0055")),
        ("N-0155", None, ("NO", "0155")),
        ("NO-0155", "NO", ("NO", "0155")),
        ("01550", None, None),
        ("123 45", None, None),
        ("123 45", "SE", ("SE", "12345")),
        ("12345", "SE", ("SE", "12345")),
        ("sw1a 1aa", "GB", ("GB", "SW1A1AA")),
        ("1050", "DK", ("DK", "1050")),
        ("", "SE", None),
        (None, None, None),
        ("Oslo", None, None),
    ],
)
def test_a_postal_code_is_of_a_country(
    text: str | None, of: str | None, expected: tuple[str, str] | None
) -> None:
    assert expected == normalise.postal_code(text, of)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("no", "NO"), (" SE ", "SE"), ("Norge", None), ("XX", None), (None, None)],
)
def test_a_country_is_its_code(text: str | None, expected: str | None) -> None:
    assert expected == normalise.country(text)
