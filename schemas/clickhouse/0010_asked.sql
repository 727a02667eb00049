-- The audit log of figures: who asked what, when, and what was withheld. No value of a figure.
CREATE TABLE IF NOT EXISTS asked (
    asked_at DateTime64(6, 'UTC'),
    role LowCardinality(String),
    organisation LowCardinality(String),   -- who asked; '' for roles without one
    token String,                          -- the beginning of its hash
    answer LowCardinality(String),         -- figures, benchmark, cross-use
    measure LowCardinality(String),
    scope String,
    period String,
    by String,
    cut UInt64,
    cells UInt32,
    withheld Map(String, UInt32),          -- by why
    about Array(String)                    -- whom the group is made of
) ENGINE = MergeTree PARTITION BY toYYYYMM(asked_at) ORDER BY asked_at;
