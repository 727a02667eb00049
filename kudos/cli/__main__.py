"""``kudos``: errors are one clear line; exit 2 is misuse, 1 is failure."""

import sys
from importlib import import_module
from importlib.util import find_spec

import click

from kudos.cli import COMMANDS
from kudos.errors import KudosError, Misconfigured


class _Commands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the commands that this installation has."""
        return [name for name, module in COMMANDS.items() if find_spec(module)]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return the command *name*, importing its module."""
        if name not in COMMANDS or not find_spec(COMMANDS[name]):
            return None
        command: click.Command = import_module(COMMANDS[name]).command
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kudos")
def kudos() -> None:
    """Ticket sales of many cultural institutions as shared insight, without sharing a customer."""


def main() -> None:
    """Run the command line."""
    try:
        kudos()
    except Misconfigured as error:
        sys.exit(_say(error, 2))
    except (KudosError, ConnectionError) as error:
        sys.exit(_say(error, 1))


def _say(error: Exception, status: int) -> int:
    click.echo(f"kudos: {error}", err=True)
    return status


if __name__ == "__main__":
    main()
