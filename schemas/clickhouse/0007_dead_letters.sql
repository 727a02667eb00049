-- Every dead letter by the unit that it holds and its place on its topic, noted by identity. It stands
-- open until one of its rows says that it was replayed; so a unit that dies again, dies by another letter.
-- (`ledger_units` holds what was received; its states of before, dead and replaced, hold for units that
-- have no letter here.)
CREATE TABLE IF NOT EXISTS letters (
    unit UInt128,
    topic LowCardinality(String),      -- that it was on its way to
    partition UInt32,
    offset UInt64,
    replayed SimpleAggregateFunction(max, Bool),   -- or: the unit is what a replay made of it
    stage SimpleAggregateFunction(max, LowCardinality(String)),   -- '' where a note alone is known
    reason SimpleAggregateFunction(max, LowCardinality(String)),
    organisation SimpleAggregateFunction(max, LowCardinality(String)),
    vendor SimpleAggregateFunction(max, LowCardinality(String)),
    received_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
) ENGINE = AggregatingMergeTree ORDER BY (unit, topic, partition, offset);

-- What the page of operations shows, as aggregate's leader computed it last: it is read whole.
CREATE TABLE IF NOT EXISTS operations (
    kind LowCardinality(String),
    noted_at DateTime64(6, 'UTC'),
    told String                        -- JSON of kudos.operations.Operations: counts, no personal data
) ENGINE = ReplacingMergeTree(noted_at) ORDER BY kind;
