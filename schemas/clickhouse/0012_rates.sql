-- What one unit of a currency was worth in NOK on each day, as it was imported. Query writes it
-- before a cut; groups' money is in NOK by it.
CREATE TABLE IF NOT EXISTS exchange_rates (
    currency LowCardinality(String),
    day Date,
    rate Float64,                      -- minor units of NOK for one minor unit of the currency
    version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (currency, day);

-- By "organisation year" the currencies of sales on days that had no rate: groups' money leaves them out.
ALTER TABLE cuts ADD COLUMN IF NOT EXISTS unconverted Map(String, Array(String));
