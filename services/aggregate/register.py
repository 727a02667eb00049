"""The register in ClickHouse: what groups are made of, and what a change of it makes stale."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from kudos.register import Organisation, Register


class House(NamedTuple):
    """A row of ``organisations``, but for what tells which row is the newest."""

    organisation: str
    industry: str
    region: str
    city: str
    owner: str
    currency: str
    venues: dict[str, str]
    ticket_classes: dict[str, str]
    genres: dict[str, str]
    gone: bool


_STORED = f"SELECT {', '.join(House._fields)}, marked, version FROM organisations FINAL"  # noqa: S608 (names of our own columns)
_MARKED = "SELECT DISTINCT organisation FROM marks"
#: Every cell that was ever marked, once more.
_MARK = """
INSERT INTO marks (day, organisation, marks)
SELECT DISTINCT day, organisation, 1 FROM marks WHERE organisation IN {organisations:Array(String)}
"""


def house_of(one: Organisation) -> House:
    """Return the row of an organisation in the register."""
    return House(
        one.id,
        one.industry,
        one.county,
        one.city,
        one.owner,
        one.currency,
        dict(one.venues),
        dict(one.ticket_classes),
        dict(one.genres),
        gone=False,
    )


def sync(client: Client, register: Register) -> list[str]:
    """Bring ``organisations`` to *register*, and return those that have changed.

    Their cells are marked after it; a row says that this is done, so that who was killed in
    between is found. Who has sales and is not in the register is there as gone.
    """
    stored, finished, newest = _read(client)
    wanted = {one.id: house_of(one) for one in register.organisations.values()}
    for (name,) in client.query(_MARKED).result_rows:
        if name not in wanted and name not in stored:
            wanted[name] = House(name, "", "", "", "", "", {}, {}, {}, gone=True)
    for name, house in stored.items():
        if name not in wanted:
            wanted[name] = house._replace(gone=True)
    changed = [h for name, h in wanted.items() if h != stored.get(name) or name not in finished]
    if changed:
        version = max(int(datetime.now(UTC).timestamp() * 1e6), newest + 1)
        _write(client, changed, version, marked=False)
        names = [house.organisation for house in changed]
        client.raw_query(_MARK, parameters={"organisations": names})
        _write(client, changed, version + 1, marked=True)
    return [house.organisation for house in changed]


def _read(client: Client) -> tuple[dict[str, House], set[str], int]:
    """Return the rows, those whose cells are marked, and the newest version."""
    rows = client.query(_STORED).result_rows
    stored = {row[0]: House(*row[:-2]) for row in rows}
    return stored, {row[0] for row in rows if row[-2]}, max((row[-1] for row in rows), default=0)


def _write(client: Client, houses: Sequence[House], version: int, *, marked: bool) -> None:
    rows = [(*house, marked, version) for house in houses]
    names = [*House._fields, "marked", "version"]
    client.insert("organisations", rows, column_names=names)
