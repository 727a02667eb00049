"""What municipalities are called, as the register of postal codes says."""

import csv
from collections.abc import Mapping
from pathlib import Path

from kudos.errors import Misconfigured

#: What the file is called that ``kudos reference import postal-codes`` writes beside the codes.
FILE = "municipalities.csv"
COLUMNS = ("municipality_no", "name")


def municipalities(reference: Path | None) -> dict[str, str]:
    """Return the name of each municipality by its number; none where no register was imported."""
    file = reference / FILE if reference else None
    if file is None or not file.is_file():
        return {}
    try:
        with file.open(encoding="utf-8", newline="") as text:
            return {row["municipality_no"]: row["name"] for row in csv.DictReader(text)}
    except (OSError, KeyError, ValueError):
        raise Misconfigured(f"KUDOS_REFERENCE: cannot read {file.name}; import it again") from None


def write(folder: Path, names: Mapping[str, str]) -> None:
    """Write *names*; nobody ever sees half of them."""
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(sorted(names.items()))
    draft.replace(folder / FILE)


def spelled(name: str) -> str:
    """Return a name as it is written in a sentence: registers have capitals alone."""
    if not name.isupper():
        return name
    return " ".join(word if word == "og" else word.title() for word in name.lower().split())
