-- What KUDOS has taken responsibility for: one row a unit and state, noted by identity from keys and
-- headers. What is counted is asked of the facts. `unit` is the transaction's id, else the keyed hash of
-- a raw record that could not be read.
CREATE TABLE IF NOT EXISTS ledger_units (
    unit UInt128,
    state Enum8('received' = 1, 'dead' = 2, 'replaced' = 3),   -- replaced: a replay has made other units of it
    organisation SimpleAggregateFunction(any, LowCardinality(String)),   -- the unit tells it
    vendor SimpleAggregateFunction(any, LowCardinality(String)),
    received_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))   -- the first time: a repeat changes nothing
) ENGINE = AggregatingMergeTree ORDER BY (unit, state);
