"""Whether the data are whole: what an operator sees, and no figure of anybody's sales."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client
from msgspec import Struct

from kudos.ledger import Ledger, settled, watermarks
from services.query.figures import SETTINGS

#: Coverage and attributes are of the customers and tickets of so many days.
DAYS = 365

#: Of millions of refs, looking each up in the key takes longer than reading them all.
_SETTINGS = {**SETTINGS, "use_index_for_in_with_subqueries": 0}
#: A source of profiles has no sales: when it last said something of a customer stands for it.
_DELIVERIES = """
SELECT organisation, source, toUnixTimestamp64Micro(max(at)) FROM (
    SELECT toString(organisation) AS organisation, toString(vendor) AS source,
        max(received_at) AS at FROM versions GROUP BY ALL
    UNION ALL
    SELECT toString(organisation), toString(vendor), max(received_at)
    FROM ledger_units WHERE state != 'replaced' GROUP BY ALL
    UNION ALL
    SELECT toString(organisation), toString(source), max(observed_at) FROM evidence
    WHERE source IN {sources:Array(String)} GROUP BY ALL
) GROUP BY organisation, source
"""
#: Of units that are dead and stand nowhere. (The journal has what the facts have, and by id.)
_LETTERS = """
SELECT organisation, vendor, cause.1 AS topic, cause.2 AS reason, count() FROM (
    SELECT unit, argMin(toString(organisation), received_at) AS organisation,
        argMin(toString(vendor), received_at) AS vendor, max(death) AS cause
    FROM ledger_units WHERE unit IN (SELECT unit FROM ledger_units WHERE state = 'dead')
    GROUP BY unit
    HAVING max(state = 'dead') = 1 AND max(state = 'replaced') = 0
) WHERE unit NOT IN (
    SELECT transaction_id FROM versions WHERE transaction_id IN (
        SELECT unit FROM ledger_units WHERE state = 'dead'
    )
) GROUP BY ALL ORDER BY count() DESC, organisation, vendor, topic, reason
"""
_COVERAGE = """
SELECT scope, sum(tickets) - sum(refunded_tickets) AS net,
    sum(known_tickets) - sum(known_refunded_tickets) AS known
FROM kpi_daily FINAL WHERE scope_kind = 'organisation' AND day > {since:Date}
GROUP BY scope HAVING net > 0
"""
_CUSTOMERS = "SELECT customer_ref, organisation FROM customer_days WHERE day > {since:Date}"
_ATTRIBUTES = f"""
SELECT organisation, source, basis, attribute, stated / customers
FROM (
    SELECT toString(organisation) AS organisation, source, basis, attribute,
        uniqExact(customer_ref) AS stated
    FROM evidence WHERE customer_ref IN (SELECT customer_ref FROM ({_CUSTOMERS}))
    GROUP BY ALL
) AS said
JOIN (
    SELECT toString(organisation) AS organisation, uniqExact(customer_ref) AS customers
    FROM ({_CUSTOMERS}) GROUP BY organisation
) AS houses USING (organisation)
ORDER BY organisation, basis, source, attribute
"""  # noqa: S608 (all of it is ours; what varies is a parameter)


class Letters(Struct, frozen=True):
    """How many transactions or raw records lie dead for one reason, and stand nowhere else."""

    organisation: str
    source: str
    topic: str
    reason: str  # '': noted before reasons were
    many: int


class Attribute(Struct, frozen=True):
    """Of which share of an organisation's customers a source states an attribute."""

    organisation: str
    source: str
    basis: str
    attribute: str
    share: float


class Operations(Struct, frozen=True):
    """Everything that the page of operations shows."""

    families: Mapping[str, datetime]  # watermarks
    ledger: Ledger
    deliveries: Mapping[tuple[str, str], datetime]  # the last, by organisation and source
    letters: tuple[Letters, ...]
    coverage: Mapping[str, float]  # by organisation
    attributes: tuple[Attribute, ...]


def read(client: Client, today: date, sources: tuple[str, ...]) -> Operations:
    """Return how whole the data are; *sources* are those of profiles."""
    since = today - timedelta(days=DAYS)

    def rows(sql: str) -> Any:
        asked = {"since": since, "sources": list(sources)}
        return client.query(sql, parameters=asked, settings=_SETTINGS).result_rows

    return Operations(
        families=watermarks(client),
        ledger=settled(client, patience_s=0),
        deliveries={
            (organisation, source): datetime.fromtimestamp(at / 1e6, UTC)
            for organisation, source, at in rows(_DELIVERIES)
        },
        letters=tuple(Letters(*row) for row in rows(_LETTERS)),
        coverage={organisation: known / net for organisation, net, known in rows(_COVERAGE)},
        attributes=tuple(Attribute(*row) for row in rows(_ATTRIBUTES)),
    )
