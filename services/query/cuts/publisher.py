"""When cuts are made, and by whom: nightly and when asked, by one leader, in a process of its own.

A cut takes a processor for a while; in a process of its own it slows no answer.
"""

import logging
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from kudos.clickhouse import utc
from kudos.register import OSLO

log = logging.getLogger(__name__)

#: How often it is looked whether a cut is due; and after how long of silence another one leads.
LOOK_S, LEASE_S = 1.0, 30.0
_DUE = """
SELECT (SELECT max(asked_at) FROM cut_requests), (SELECT count() FROM cut_requests),
    (SELECT max(cut) FROM cuts), now64(6)
"""
_LEADER = """
SELECT argMin(holder, (since, holder)) FROM (
    SELECT holder, since FROM cut_leaders GROUP BY holder, since
    HAVING max(renewed_at) > now64(6) - {lease:Float64}
)
"""
_RENEW = "INSERT INTO cut_leaders SELECT {holder:UUID}, {since:DateTime64(6, 'UTC')}, now64(6)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COMMAND = (sys.executable, "-m", "services.query.cuts")


def due(asked: datetime | None, last: datetime | None, nightly: datetime, since: datetime) -> bool:
    """Tell whether a cut is due: asked for, or the night has come, since the last one began.

    Before the first one a night counts only from *since* on, when the service began.
    """
    begun = last or since
    return nightly > begun or (asked is not None and (last is None or asked > last))


def night_before(now: datetime, at: time) -> datetime:
    """Return the last time that it was *at* o'clock in Norway."""
    local = now.astimezone(OSLO)
    night = datetime.combine(local.date(), at, OSLO)
    return night if night <= local else datetime.combine(local.date() - timedelta(days=1), at, OSLO)


def request(client: Client, now: datetime) -> None:
    """Ask the leader for a cut."""
    client.insert("cut_requests", [(now,)], column_names=["asked_at"])


class Publisher:
    """Looks whether a cut is due, and lets it be made where this instance leads."""

    def __init__(
        self,
        connect: Callable[[], Client],
        nightly: time,
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._connect, self._nightly, self._command = connect, nightly, command
        self._stop = threading.Event()
        self._holder = uuid.uuid4()
        self._since: datetime | None = None
        self._client: Client | None = None
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; a cut that is being made is given up, and nobody reads it."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.once()
            except (ClickHouseError, HTTPError, OSError) as error:
                # the tables are not there yet, or ClickHouse is not
                log.info("no look at cuts: %s", type(error).__name__)
                self._client = None

    def once(self) -> bool:
        """Look once; return whether a cut was made."""
        client = self._client = self._client or self._connect()
        if not self.leads(client):
            return False
        [(asked, many, cut, now)] = client.query(_DUE).result_rows
        last = _EPOCH + timedelta(microseconds=cut) if cut else None
        wanted = utc(asked) if many else None
        assert self._since is not None  # noqa: S101 (whoever leads came at some time)
        if not due(wanted, last, night_before(utc(now), self._nightly), self._since):
            return False
        return self._make()

    def leads(self, client: Client) -> bool:
        """Say that this instance is there, and tell whether it is the first of those that are."""
        if self._since is None:
            [(now,)] = client.query("SELECT now64(6)").result_rows
            self._since = utc(now)
        told = {"holder": str(self._holder), "since": self._since}
        client.command(_RENEW, parameters=told)
        [(leader,)] = client.query(_LEADER, parameters={"lease": LEASE_S}).result_rows
        return bool(leader == self._holder)

    def _make(self) -> bool:
        child = subprocess.Popen(self._command)
        try:
            while child.poll() is None:
                if self._stop.wait(LOOK_S):
                    return False
                assert self._client is not None  # noqa: S101 (it has just looked)
                self.leads(self._client)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait(10)
        if child.returncode:
            log.error("a cut failed: exit %d", child.returncode)
            # what was asked for is tried again, but not in a circle without a pause
            self._stop.wait(LEASE_S)
        return child.returncode == 0
