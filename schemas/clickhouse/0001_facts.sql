-- The facts, and what tells which derived cells they make stale. Ids are 128-bit keyed hashes: never
-- write one as a bare number in SQL (it is read as Float64 and matches nothing, silently), always as a
-- parameter. Nothing here holds personal data in the clear.

-- Every version of every transaction that was ever seen, each time it was received, and the days it
-- may stand on. Append only, and written BEFORE the facts: whoever comes last knows all days to clear.
CREATE TABLE IF NOT EXISTS versions (
    transaction_id UInt128,
    revision UInt128,                  -- version << 64 | erasures << 56 | 56 bits of the content's hash
    received_at DateTime64(6, 'UTC'),
    organisation LowCardinality(String),
    vendor LowCardinality(String),
    days Array(Date),                  -- of its lines; of an undated refund: the day of this receipt
    undated Array(UInt128)             -- refund lines whose time the vendor does not give
) ENGINE = ReplacingMergeTree ORDER BY (transaction_id, revision, received_at)
SETTINGS index_granularity = 512;

-- One row a transaction and day (local date of the line), of the greatest revision. A row without lines
-- says: the newest version has nothing on this day. A transaction without any line stands on the day it
-- was sold, so that it is counted. (Measured against rows of lines and tombstones: docs/decisions.)
CREATE TABLE IF NOT EXISTS sales (
    day Date,
    organisation LowCardinality(String),
    transaction_id UInt128,
    revision UInt128,
    order_id UInt128,
    sold_at DateTime('UTC'),
    channel LowCardinality(String),
    vendor LowCardinality(String),
    currency LowCardinality(String),
    customer_ref UInt128,              -- 0: no customer is known
    record_ref UInt128,                -- 0: no customer is known
    age_band LowCardinality(String),   -- on the day of purchase, as this order alone tells; 'unknown'
    county LowCardinality(String),     -- of the order's own postal code; '' where it is not known
    municipality LowCardinality(String),
    centrality LowCardinality(String),
    line Nested (
        kind Enum8('sale' = 1, 'refund' = 2),
        item String,
        at DateTime('UTC'),
        timed Bool,                    -- false: a bare date, the hour is not known
        ticket_type String,            -- '' where the vendor does not say; so all that follow
        price_category String,
        quantity UInt32,
        amount Int64,                  -- the whole line before the discount, in the currency's minor unit
        discount Int64,                -- of the whole line
        fee Int64,                     -- of the whole line
        vat_rate UInt16,               -- hundredths of a per cent; 65535: not said
        performance String,
        production String,
        venue String,
        genre String,
        starts_at DateTime('UTC'),     -- 1970-01-01: not known
        starts_timed Bool,
        undated UInt128                -- the line's id where the vendor gives the refund no time, else 0
    )
) ENGINE = ReplacingMergeTree(revision) PARTITION BY toYear(day) ORDER BY (day, organisation, transaction_id);

-- A mark counts one up after the facts are in. The sum only grows, so it is clock and version in one.
CREATE TABLE IF NOT EXISTS marks (day Date, organisation LowCardinality(String), marks UInt64)
ENGINE = SummingMergeTree(marks) ORDER BY (day, organisation);

-- How many of a cell's marks each derived table has taken in.
CREATE TABLE IF NOT EXISTS covered (target LowCardinality(String), day Date, organisation LowCardinality(String), marks UInt64)
ENGINE = ReplacingMergeTree(marks) ORDER BY (target, day, organisation);

-- Everything received before `watermark` is in the tables of `family` (facts, sales_live, kpi_daily, ledger).
CREATE TABLE IF NOT EXISTS watermarks (family LowCardinality(String), watermark DateTime64(6, 'UTC'), noted_at DateTime64(6, 'UTC'))
ENGINE = ReplacingMergeTree(watermark) ORDER BY family;
