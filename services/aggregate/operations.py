"""Compute what the page of operations shows, from all units and facts: seconds, of millions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from kudos.ledger import Ledger
from kudos.operations import Attribute, Coverage, Delivery, Letters, Operations
from kudos.records import StoppedSource
from kudos.register import PROFILE_SOURCES

#: Coverage and attributes are of the customers and tickets of so many days.
DAYS = 365

#: Each year is its own partition, so FINAL merges within them. Of millions of refs, looking each up
#: in the key takes longer than reading them all; and sales are taken in meanwhile.
_SETTINGS = {
    "do_not_merge_across_partitions_select_final": 1,
    "use_index_for_in_with_subqueries": 0,
    "max_threads": 1,
}
#: A source of profiles has no sales: when it last said something of a customer stands for it.
_DELIVERIES = """
SELECT organisation, source, toUnixTimestamp64Micro(max(at)) FROM (
    SELECT toString(organisation) AS organisation, toString(vendor) AS source,
        max(received_at) AS at FROM versions GROUP BY ALL
    UNION ALL
    SELECT toString(organisation), toString(vendor), max(received_at)
    FROM ledger_units WHERE state != 'replaced' GROUP BY ALL
    UNION ALL
    SELECT toString(organisation), toString(vendor), max(received_at) FROM letters GROUP BY ALL
    UNION ALL
    SELECT toString(organisation), toString(source), max(observed_at) FROM evidence
    WHERE source IN {sources:Array(String)} GROUP BY ALL
) WHERE source != '' GROUP BY organisation, source
"""
#: Of units with an open letter that stand nowhere. (The journal has what the facts have, by id.)
_LETTERS = """
SELECT organisation, vendor, cause.1 AS topic, cause.2 AS reason, count(), min(at) FROM (
    SELECT unit, max(toString(organisation)) AS organisation, max(toString(vendor)) AS vendor,
        max((toString(topic), toString(reason))) AS cause, min(received_at) AS at
    FROM (
        SELECT unit, topic, max(reason) AS reason, max(organisation) AS organisation,
            max(vendor) AS vendor, min(received_at) AS received_at
        FROM letters GROUP BY unit, topic, partition, offset HAVING NOT max(replayed)
        UNION ALL
        SELECT unit, max(death).1, max(death).2, max(toString(organisation)),
            max(toString(vendor)), min(received_at)
        FROM ledger_units WHERE unit IN (SELECT unit FROM ledger_units WHERE state = 'dead')
            AND unit NOT IN (SELECT unit FROM letters)
        GROUP BY unit HAVING max(state = 'replaced') = 0
    ) GROUP BY unit
) WHERE unit NOT IN (
    SELECT transaction_id FROM versions WHERE transaction_id IN (
        SELECT unit FROM letters UNION ALL SELECT unit FROM ledger_units WHERE state = 'dead'
    )
) GROUP BY organisation, vendor, topic, reason
ORDER BY count() DESC, organisation, vendor, topic, reason
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


def computed(
    client: Client, today: date, ledger: Ledger, stopped: Sequence[StoppedSource], now: datetime
) -> Operations:
    """Return how whole the data are at *now*; *ledger* and *stopped* are those of now."""
    since = today - timedelta(days=DAYS)

    def rows(sql: str) -> Any:
        asked = {"since": since, "sources": list(PROFILE_SOURCES)}
        return client.query(sql, parameters=asked, settings=_SETTINGS).result_rows

    return Operations(
        ledger=ledger,
        deliveries=tuple(
            Delivery(organisation, source, datetime.fromtimestamp(at / 1e6, UTC))
            for organisation, source, at in rows(_DELIVERIES)
        ),
        letters=tuple(
            Letters(organisation, source, topic, reason, many, at.replace(tzinfo=UTC))
            for organisation, source, topic, reason, many, at in rows(_LETTERS)
        ),
        stopped=tuple(stopped),
        coverage=tuple(Coverage(of, known / net) for of, net, known in rows(_COVERAGE)),
        attributes=tuple(Attribute(*row) for row in rows(_ATTRIBUTES)),
        noted_at=now,
    )
