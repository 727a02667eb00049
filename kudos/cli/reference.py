"""``kudos reference``: official registers, imported by who runs KUDOS, for it ships none."""

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from kudos import municipalities
from kudos.cli import exchange_rates, given_names, inhabitants, surveys
from kudos.cli.running import data_option
from kudos.errors import Misconfigured
from kudos.place import FILE, packaged
from kudos.records import Place
from services.identity import names

#: Of Posten's register, which has no head: tab-separated, Windows-1252.
#: https://www.bring.no/postnummerregister-ansi.txt
_POSTEN = ("postal_code", "post_place", "municipality_no", "municipality_name", "category")
#: What the column of the centrality class (Statistics Norway, 1 to 6) is called.
_CENTRALITY = ("centrality", "centrality_class_2024")
_POSTAL_CODE = re.compile(r"[0-9]{4}")
_CLASS = re.compile(r"[1-6]?")


@click.group(name="reference")
def command() -> None:
    """Load official registers."""


@command.command(name="import")
@click.argument(
    "kind",
    type=click.Choice(
        ["postal-codes", "given-names", "population", "exchange-rates", "npumonitor"]
    ),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_option
def import_(kind: str, file: Path, data: Path) -> None:
    """Load FILE, the official register of KIND; what was loaded before is replaced.

    postal-codes: Posten's register as it is, or a delimited file whose head names postal_code,
    municipality_no and, where it is known, centrality. given-names: a delimited file whose head
    names name, women and men. population: inhabitants, a delimited file whose head names year,
    municipality_no, age and persons. exchange-rates: NOK for a unit of a currency, a delimited file
    whose head names day, currency and rate. npumonitor: NPU Monitor's shares of segments, a
    delimited file whose head names period, industry, region, segment, share and respondents.

    It goes where KUDOS_REFERENCE says, else into DATA/reference; the service that reads it uses it
    from its next start on.
    """
    folder = Path(os.environ.get("KUDOS_REFERENCE") or data / "reference")
    try:
        told = _KINDS[kind](file.read_bytes(), folder)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None
    except Misconfigured as error:
        raise click.ClickException(f"{file}: {error}") from None
    click.echo(told)


def _postal_codes(text: bytes, folder: Path) -> str:
    found = read(text)
    write(folder, found)
    municipalities.write(folder, named(text))
    return said(found, packaged())


def _given_names(text: bytes, folder: Path) -> str:
    found = given_names.read(text)
    given_names.write(folder, found)
    return given_names.said(found, names.packaged())


def _population(text: bytes, folder: Path) -> str:
    found = inhabitants.read(text)
    inhabitants.write(folder, found)
    return inhabitants.said(found)


def _exchange_rates(text: bytes, folder: Path) -> str:
    found = exchange_rates.read(text)
    exchange_rates.write(folder, found)
    return exchange_rates.said(found)


def _npumonitor(text: bytes, folder: Path) -> str:
    found = surveys.read(text)
    surveys.write(folder, found)
    return surveys.said(found)


#: Load a register into a folder, and return what is said of it.
_KINDS: Mapping[str, Callable[[bytes, Path], str]] = {
    "postal-codes": _postal_codes,
    "given-names": _given_names,
    "population": _population,
    "exchange-rates": _exchange_rates,
    "npumonitor": _npumonitor,
}


def read(text: bytes) -> dict[str, Place]:
    """Return the place of every postal code in a register, or raise Misconfigured with the line."""
    found: dict[str, Place] = {}
    for line, row in _rows(text):
        code, municipality = row.get("postal_code") or "", row.get("municipality_no") or ""
        centrality = next(filter(None, map(row.get, _CENTRALITY)), "")
        for name, value in (("postal_code", code), ("municipality_no", municipality)):
            if not _POSTAL_CODE.fullmatch(value):
                raise Misconfigured(f"line {line}: {name} is not four digits")
        if not _CLASS.fullmatch(centrality):
            raise Misconfigured(f"line {line}: centrality is none of 1 to 6")
        if code in found:
            raise Misconfigured(f"line {line}: its postal code stands twice")
        found[code] = Place(municipality[:2], municipality, centrality or None)
    if not found:
        raise Misconfigured("it holds no postal code")
    return found


def named(text: bytes) -> dict[str, str]:
    """Return what a register calls each municipality, where it has names."""
    return {
        row["municipality_no"] or "": municipalities.spelled(name)
        for _, row in _rows(text)
        if (name := row.get("municipality_name"))
    }


def write(folder: Path, found: Mapping[str, Place]) -> None:
    """Write *found* for enrich and aggregate; nobody ever sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.new"
    with draft.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("postal_code", "municipality_no", "centrality"))
        lines.writerows(
            (code, p.municipality, p.centrality or "") for code, p in sorted(found.items())
        )
    draft.replace(folder / FILE)


def said(found: Mapping[str, Place], package: Mapping[str, Place]) -> str:
    """Return what was loaded, and how it compares with what is known without it."""
    both = found.keys() & package.keys()
    alike = sum(found[code].county == package[code].county for code in both)
    municipalities = {p.municipality for p in found.values()}
    return (
        f"{len(found):,} postal codes of {len(municipalities):,} municipalities\n"
        f"{alike:,} of {len(both):,} that the package knows are of the same county as there,"
        f" {len(found) - len(both):,} it does not know,"
        f" {len(package) - len(both):,} only it knows\n"
        "enrich and aggregate use them from their next start on"
    )


def _rows(text: bytes) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the rows of a register with their lines' numbers; with a head or as Posten has them."""
    try:
        lines = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = text.decode("cp1252", "replace")
    first = lines.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    names = _POSTEN if _POSTAL_CODE.match(first) else None
    rows = csv.DictReader(io.StringIO(lines, newline=""), names, delimiter=delimiter)
    if not {"postal_code", "municipality_no"} <= set(rows.fieldnames or ()):
        raise Misconfigured("its head does not name postal_code and municipality_no")
    for row in rows:
        yield rows.line_num, row
