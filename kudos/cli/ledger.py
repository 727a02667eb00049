"""``kudos ledger``: accepted = counted + dead + erased, per organisation."""

import json
import sys
from pathlib import Path

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from kudos.cli.running import Running, data_option, running
from kudos.clickhouse import connect
from kudos.errors import Misconfigured
from kudos.ledger import PATIENCE_S, Account, Ledger, settled

_COLUMNS = (
    "organisation",
    "accepted",
    "counted",
    "without_customer",
    "dead",
    "sent_back",
    "erased",
    "difference",
)
_TITLES = ("accepted", "counted", "(anonymous)", "dead", "(replayed)", "erased", "difference")
_WIDTH = 12


@click.command(name="ledger")
@data_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(data: Path, as_json: bool) -> None:  # noqa: FBT001 (click passes it by name)
    """Compare what was accepted with what was counted, erased or refused; exit 1 if it differs."""
    if not show(running(data), as_json=as_json):
        sys.exit(1)


def show(running: Running, *, as_json: bool) -> bool:
    """Print the ledger of a running system; return whether it balances."""
    try:
        with connect(running.settings("operator").clickhouse_url()) as client:
            ledger = settled(client, patience_s=PATIENCE_S)
    except (ClickHouseError, OSError) as error:
        raise Misconfigured(f"ClickHouse cannot be asked: {type(error).__name__}") from None
    click.echo(_json(ledger) if as_json else _table(ledger))
    return ledger.balances


def _row(account: Account) -> dict[str, str | int]:
    return {name: getattr(account, name) for name in _COLUMNS}


def _json(ledger: Ledger) -> str:
    watermark = None if ledger.watermark is None else ledger.watermark.isoformat()
    rows = [_row(account) for account in ledger.accounts]
    return json.dumps(
        {"watermark": watermark, "balances": ledger.balances, "organisations": rows}, indent=1
    )


def _table(ledger: Ledger) -> str:
    if ledger.watermark is None:
        return "nothing has been counted yet"
    first = max(len("organisation"), *(len(a.organisation) for a in ledger.accounts), 1) + 2
    titles = ("organisation", *_TITLES)
    lines = [titles[0].ljust(first) + "".join(title.rjust(_WIDTH) for title in titles[1:])]
    for account in ledger.accounts:
        name, *numbers = _row(account).values()
        lines.append(str(name).ljust(first) + "".join(f"{n:,}".rjust(_WIDTH) for n in numbers))
    verdict = "balances" if ledger.balances else "does NOT balance"
    lines.append(f"as of {ledger.watermark:%Y-%m-%d %H:%M:%S} UTC: {verdict}")
    return "\n".join(lines)
