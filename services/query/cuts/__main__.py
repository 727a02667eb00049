"""One cut, made by real clients: the query service runs it when one is due."""

import logging
import sys
from datetime import UTC, datetime

from kudos.clickhouse import connect
from kudos.errors import Misconfigured
from kudos.logs import configure
from kudos.register import WatchedRegister
from services.query.cuts.make import make
from services.query.disclosure.protect import protect
from services.query.settings import Settings

log = logging.getLogger("services.query.cuts")
_TIMEOUT_S = 1800


def main() -> int:
    """Make a cut; 2 where a setting is wrong."""
    configure("query")
    try:
        settings = Settings.read()
        register = WatchedRegister(settings.organisations).now
        rules = settings.rules()
    except Misconfigured as error:
        sys.stderr.write(f"query: {error}\n")
        return 2
    with connect(settings.clickhouse_url(), _TIMEOUT_S) as client:
        done = make(
            client,
            register,
            datetime.now(UTC),
            protect,
            rules=rules,
            say=lambda what, seconds: log.info("cut: %s took %.1f s", what, seconds),
        )
    log.info("a cut of %d cells, %d published", done.cells, done.published)
    return 0


if __name__ == "__main__":
    sys.exit(main())
