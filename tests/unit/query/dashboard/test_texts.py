"""Both languages say the same, and everything they say is said somewhere."""

import re
import string
from pathlib import Path

import pytest

from services.query.dashboard import wording
from services.query.dashboard.formats import LANGUAGES
from services.query.dashboard.spans import CHOICES
from services.query.measures import MEASURES

FOLDER = Path(wording.__file__).parent
SOURCES = "\n".join(
    path.read_text("utf-8") for kind in ("**/*.py", "**/*.html") for path in FOLDER.glob(kind)
)


def placeholders(text: str) -> set[str]:
    """Return the names that are filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    nb, en = (wording.texts(language).names for language in LANGUAGES)
    assert nb == en
    assert len(nb) > 150


def test_both_languages_fill_in_the_same() -> None:
    nb, en = (wording.texts(language) for language in LANGUAGES)
    differing = {key for key in nb.names if placeholders(nb(key)) != placeholders(en(key))}
    assert set() == differing


def test_nothing_is_left_untranslated() -> None:
    nb, en = (wording.texts(language) for language in LANGUAGES)
    same = {key for key in nb.names if nb(key) == en(key)}
    allowed = {"site.name", "role.title", "channels.till", "attributes.segment"}
    allowed |= {f"genres.{name}" for name in ("opera", "film", "festival", "musical")}
    allowed |= {"ticket_classes.student"}
    assert set() == {k for k in same - allowed if re.search(r"[a-zæøå]{4}", nb(k).split("{")[0])}


@pytest.mark.parametrize(
    "key", sorted(set(re.findall(r'\b(?:t|texts)\(\s*"([a-z_.]+)"[,)]', SOURCES)))
)
def test_what_a_page_says_is_there(key: str) -> None:
    assert key in wording.texts("nb")


#: Texts whose names are put together where they are said.
BUILT = re.compile(
    r"(measure|channels|why|ago|tickets|bands)\..*|site\.(now|overview|theme_(auto|light|dark))"
    r"|sign_in\.(wrong|ended)|role\.network"
    r"|(attributes|basis|labels|transports|reasons|families)\..*|operations\.(missing|silent|lie_dead|are_stopped)\.(one|other)"
    r"|operations\.(tables|counted_to|age|organisation|source(_given_name)?|label|transport|topic)"
    r"|operations\.(last_delivery|accepted|counted|without_customer|dead|erased|difference)"
    r"|operations\.(computed|sent_back|since|field|when_mended|first_received)"
    r"|operations\.(reason|many|basis|late|oldest)"
    r"|(industries|genders|centralities|ticket_classes|genres)\..*|withheld\.some\.(one|other)"
    r"|audience\.(over|under|nothing|nobody_known)|compare_page\.(head_|quarter_)[a-z0-9]+"
    r"|compare_page\.(over|under|at)_median|cross_use\.(head|title|most)_[a-z_]+"
    r"|meanwhile\.(own|chosen|other|short_other)"
    r"|error\.(refused|not_found|unavailable)(_body)?"
    r"|now\.(more|less|usual|production|channel|venue|sentence|sentence_free)"
    r"|period\.((this|last)_[a-z0-9]+|today|yesterday|day|week|month|quarter|year|season|rolling-.*)"
    r"|figure\.((by_|highest_)?(day|week|month|year))|compare\.previous_[a-z]+"
)


def test_every_text_is_said() -> None:
    keys = wording.texts("nb").names
    unsaid = {key for key in keys if f'"{key}"' not in SOURCES and not BUILT.fullmatch(key)}
    assert set() == unsaid


def test_every_measure_has_its_words() -> None:
    for name in MEASURES:
        for how in ("more", "less", "same"):
            assert f"measure.{name}.{how}" in wording.texts("nb")


def test_every_kind_of_period_has_its_words() -> None:
    for name in CHOICES:
        assert f"period.{name}" in wording.texts("nb")


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(KeyError):
        wording.texts("nb")("no.such")
