-- What was published at cuts. Query alone writes these; rows of a cut that is not in `cuts` were
-- left by one who was killed, and nobody reads them.

-- A cut that was completed: its name is when it began, in microseconds.
CREATE TABLE IF NOT EXISTS cuts (
    cut UInt64,
    as_of Nullable(DateTime64(6, 'UTC')),   -- everything received before was in the tables
    last Date,                         -- the last day that counts: the one before it began
    done_at DateTime64(6, 'UTC'),
    scopes Array(String),              -- those that were computed; others have too few organisations
    cells UInt64,                      -- that have any data
    published UInt64,
    written UInt64                     -- cells that are others than before, or new
) ENGINE = ReplacingMergeTree(done_at) ORDER BY cut;

-- Whoever is asked to publish writes a row; the leader makes a cut.
CREATE TABLE IF NOT EXISTS cut_requests (asked_at DateTime64(6, 'UTC'))
ENGINE = ReplacingMergeTree ORDER BY asked_at;

-- Who leads: of those that renewed of late the one who came first.
CREATE TABLE IF NOT EXISTS cut_leaders (holder UUID, since DateTime64(6, 'UTC'), renewed_at DateTime64(6, 'UTC'))
ENGINE = ReplacingMergeTree(renewed_at) ORDER BY (holder, since);

-- A cell as a cut left it, and what was behind it; a later cut writes it again only where it changes.
CREATE TABLE IF NOT EXISTS published (
    scope String,                      -- as in questions
    period String,
    by Array(String),
    told Array(String),                -- the values of `by`
    measure LowCardinality(String),    -- a base measure
    cut UInt64,
    as_of Nullable(DateTime64(6, 'UTC')),
    value Nullable(Int64),             -- what is shown, rounded; NULL: withheld
    why LowCardinality(String),        -- the class of the rule that withholds it
    instead LowCardinality(String),    -- the next wider scope that is published
    exact Int64,                       -- never shown
    persons UInt64,
    parts Map(String, Int64),          -- each organisation's own contribution
    persons_of Map(String, UInt64),
    coverage Nullable(Float64)         -- of net tickets, in whole per cents
) ENGINE = MergeTree ORDER BY (scope, period, by, measure, told, cut) SETTINGS index_granularity = 512;

-- The middle of a group's organisations, and its quarters.
CREATE TABLE IF NOT EXISTS benchmarks (
    scope String,
    period String,
    measure LowCardinality(String),
    cut UInt64,
    as_of Nullable(DateTime64(6, 'UTC')),
    organisations UInt32,              -- that contribute
    quartiles Array(Float64),          -- three, or the median alone, or none
    why LowCardinality(String),
    instead LowCardinality(String),
    own Map(String, Float64)           -- each one's own value, shown to itself alone
) ENGINE = MergeTree ORDER BY (scope, period, measure, cut) SETTINGS index_granularity = 512;

-- Whom an organisation shares its persons with.
CREATE TABLE IF NOT EXISTS shared_customers (
    organisation LowCardinality(String),
    period String,
    cut UInt64,
    as_of Nullable(DateTime64(6, 'UTC')),
    customers UInt64,                  -- its own, in whole
    network UInt64,
    other Nested (
        kind String,                   -- organisation, others, industry, region
        name String,
        shared Nullable(UInt64),       -- NULL: withheld
        theirs Nullable(UInt64),       -- customers of the other one, where it is named
        why String
    )
) ENGINE = MergeTree ORDER BY (organisation, period, cut) SETTINGS index_granularity = 512;

-- Where the register counted an organisation, from which day on: a change counts from the next month.
CREATE TABLE IF NOT EXISTS memberships (
    organisation LowCardinality(String),
    since Date,
    industry LowCardinality(String),
    city LowCardinality(String),
    owner LowCardinality(String),
    gone Bool,
    version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (organisation, since);
