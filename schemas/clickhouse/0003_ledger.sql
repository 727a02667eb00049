-- What KUDOS has taken responsibility for: one row a unit and state, noted by identity from keys and
-- headers. What is counted is asked of the facts. `unit` is the transaction's id, else the keyed hash of
-- a raw record that could not be read.
CREATE TABLE IF NOT EXISTS ledger_units (
    unit UInt128,
    state Enum8('received' = 1, 'dead' = 2, 'replaced' = 3),   -- replaced: a replay has made other units of it
    organisation LowCardinality(String),
    vendor LowCardinality(String),
    received_at DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree ORDER BY (unit, state);
