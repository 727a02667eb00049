"""What given names tell of gender: how many women and men bear each, by Statistics Norway."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

from msgspec import Struct

from kudos.errors import Misconfigured
from services.identity.normalise import words

Sex = Literal["female", "male"]

#: What a register's file is called, and what it has; it may have other columns.
FILE = "given_names.csv"
COLUMNS = ("name", "women", "men")

#: The package has shares of each year's births: of who may buy tickets, whenever it is asked.
_BORN = range(1930, 2013)
#: Births of one sex a year, near enough: 41,000 to 71,000 children of both in these years.
#: https://www.ssb.no/statbank/table/05803
_BIRTHS = 29_000
_WHOLE = 100_000  # a share is in thousandths of a per cent
#: Statistics Norway lists a name for a sex from 200 bearers on: so many of the other may be hidden.
_LISTED = 200
#: How many are taken to be; docs/decisions/0016-gender-by-given-name.md.
_HIDDEN = _LISTED // 4
#: Fewer bearers, or a smaller share of them, tell nothing.
FEWEST = _LISTED
SUREST = 0.9


class Bearers(Struct, frozen=True):
    """How many bear a name; 0: not listed."""

    women: int = 0
    men: int = 0


Statistics = Mapping[str, Bearers]


class Names:
    """Given names and who bears them; without any *known* nothing is told."""

    def __init__(self, known: Statistics | None = None) -> None:
        self._told = {name: told for name, b in (known or {}).items() if (told := _told(b))}

    def gender(self, given_name: str | None) -> tuple[Sex, float] | None:
        """Return the gender that *given_name* tells and its probability; None: it tells none.

        The whole name is looked up, else its first word. Where another word of it tells otherwise
        it tells nothing: Kari og Ola are two.
        """
        said = words(given_name or "")
        found = self._told.get(" ".join(said)) or self._told.get(said[0] if said else "")
        if found is None:
            return None
        others = (self._told.get(word, found) for word in said)
        return found if all(sex == found[0] for sex, _ in others) else None


def _told(bearers: Bearers) -> tuple[Sex, float] | None:
    women, men = bearers.women, bearers.men
    if women + men < FEWEST:
        return None
    sex: Sex = "female" if women > men else "male"
    share = max(women, men) / (max(women, men) + (min(women, men) or _HIDDEN))
    return (sex, round(share, 3)) if share >= SUREST else None


def names(reference: Path | None) -> Names:
    """Return the names of the package; those of an imported register win."""
    file = reference / FILE if reference else None
    return Names(packaged() | (imported(file) if file and file.is_file() else {}))


def packaged() -> dict[str, Bearers]:
    """Return the bearers of every name that the package has, estimated from shares of births.

    norwegian-fake-data (MIT) has table 10467 of Statistics Norway (CC BY 4.0) as it is published.
    """
    packed = files("norwegian_fake_data").joinpath("data/names.json.gz").read_bytes()
    shares: dict[str, Counter[str]] = {"female": Counter(), "male": Counter()}
    for of, listed in json.loads(gzip.decompress(packed))["first_names"].items():
        year, sex = of.split(":")
        if int(year) in _BORN:
            for name, share in listed:
                shares[sex][name] += share
    women, men = ({n: s * _BIRTHS // _WHOLE for n, s in shares[sex].items()} for sex in shares)
    return folded((n, women.get(n, 0), men.get(n, 0)) for n in sorted(women.keys() | men.keys()))


def folded(rows: Iterable[tuple[str, int, int]]) -> dict[str, Bearers]:
    """Return *rows* of name, women and men by how a name is looked up: Kåre and Kaare are one."""
    women: Counter[str] = Counter()
    men: Counter[str] = Counter()
    for name, of_women, of_men in rows:
        one = " ".join(words(name))
        women[one] += of_women
        men[one] += of_men
    return {one: Bearers(women[one], men[one]) for one in women}


def imported(file: Path) -> dict[str, Bearers]:
    """Return the bearers in a register that ``kudos reference import given-names`` wrote."""
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return folded(_rows(text))
    except (OSError, KeyError, TypeError, ValueError):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def _rows(text: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    rows = csv.DictReader(text)
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise KeyError
    for row in rows:
        yield row["name"], int(row["women"]), int(row["men"])
