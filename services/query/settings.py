"""What query is told by its environment."""

from datetime import time
from pathlib import Path
from typing import ClassVar

import msgspec

from kudos.errors import Misconfigured
from kudos.settings import Settings as Shared
from services.query.disclosure.model import Rules


class Settings(Shared):
    """The settings of query."""

    account: ClassVar[str] = "query"

    organisations: Path
    host: str = "127.0.0.1"
    query_port: int = 8005
    publish_at: time = time(3, 30)  # Norwegian time of the nightly cut

    def rules(self) -> Rules:
        """Return the parameters of disclosure control: the private ones, else the defaults.

        What is wrong with them is not told: they are private.
        """
        text = self.optional_secret("disclosure.toml")
        if text is None:
            return Rules()
        try:
            found = msgspec.toml.decode(text, type=Rules)
        except (msgspec.DecodeError, msgspec.ValidationError):
            found = None
        if found is None or not _protects(found):
            raise Misconfigured("KUDOS_SECRETS: query/disclosure.toml is wrong") from None
        return found


def _protects(rules: Rules) -> bool:
    """Tell whether every rule is on, and none says nothing."""
    least = (rules.k, rules.organisations, rules.owners, rules.together, rules.digits)
    shares = (rules.largest, rules.two_largest, rules.p)
    return not rules.off and min(least) >= 1 and all(0 < share < 1 for share in shares)
