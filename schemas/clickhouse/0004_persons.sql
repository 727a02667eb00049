-- Who is one, and what is known of them. A ref without a link is a person alone, named by its own
-- first 64 bits: so a link that says just this changes no figure.

-- `version` is the link's offset on its partition: the newest stands, however often it is read.
CREATE TABLE IF NOT EXISTS links (
    customer_ref UInt128,
    organisation LowCardinality(String),
    person UInt64,
    own_person UInt64,
    version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY customer_ref SETTINGS index_granularity = 512;

-- Who may belong to a person: every ref that was ever linked to them, and every ref under its own
-- name. Whether it still holds is looked up in `links`: rows of a person that a ref has left stay.
CREATE TABLE IF NOT EXISTS refs_of_persons (person UInt64, customer_ref UInt128)
ENGINE = ReplacingMergeTree ORDER BY (person, customer_ref) SETTINGS index_granularity = 512;
CREATE MATERIALIZED VIEW IF NOT EXISTS refs_of_persons_of_links TO refs_of_persons AS
SELECT person, customer_ref FROM links;

-- What a source stated of a customer last. Which statement wins is decided when figures are computed:
-- declared, else register, else inferred; of a kind the greatest version.
CREATE TABLE IF NOT EXISTS evidence (
    customer_ref UInt128,
    attribute LowCardinality(String),  -- gender, birth, postal_code or segment
    basis LowCardinality(String),
    source LowCardinality(String),
    organisation LowCardinality(String),
    value String,
    confidence Float64,
    county LowCardinality(String),     -- of a postal code; '' where it is not known
    municipality LowCardinality(String),
    centrality LowCardinality(String),
    observed_at DateTime64(6, 'UTC'),
    version UInt128,                   -- observed_at in microseconds << 74 | confidence in 1023rds << 64 | the value's first 8 bytes
    position UInt64                    -- its offset on its partition: tells what a killed one had written already
) ENGINE = ReplacingMergeTree(version) ORDER BY (customer_ref, attribute, basis, source)
SETTINGS index_granularity = 512;
CREATE MATERIALIZED VIEW IF NOT EXISTS refs_of_persons_of_evidence TO refs_of_persons AS
SELECT toUInt64(bitShiftRight(customer_ref, 64)) AS person, customer_ref FROM evidence;

-- customer_ref → the cells it was ever seen in (more is harmless): what a link or a statement makes stale.
CREATE TABLE IF NOT EXISTS customer_days (customer_ref UInt128, organisation LowCardinality(String), day Date)
ENGINE = ReplacingMergeTree ORDER BY (customer_ref, organisation, day) SETTINGS index_granularity = 512;
CREATE MATERIALIZED VIEW IF NOT EXISTS customer_days_of_sales TO customer_days AS
SELECT customer_ref, organisation, day FROM sales WHERE customer_ref != 0;
CREATE MATERIALIZED VIEW IF NOT EXISTS refs_of_persons_of_sales TO refs_of_persons AS
SELECT toUInt64(bitShiftRight(customer_ref, 64)) AS person, customer_ref FROM sales WHERE customer_ref != 0;
-- what was there before
INSERT INTO customer_days SELECT customer_ref, organisation, day FROM sales WHERE customer_ref != 0;
INSERT INTO refs_of_persons SELECT toUInt64(bitShiftRight(customer_ref, 64)), customer_ref FROM sales WHERE customer_ref != 0;

-- Who was where on which day: one row a cell, of everybody with a sale line. What everything unique is
-- computed from. A person stands more than once where their orders of the day differ in what follows.
CREATE TABLE IF NOT EXISTS visits (
    organisation LowCardinality(String),
    day Date,
    generation UInt64,
    customer Nested (
        person UInt64,
        own_person UInt64,
        city String,                   -- municipality of the venue: the performance's where it is mapped, else the organisation's
        age_band String,               -- of the person's profile, on this day
        gender String,                 -- of the person's current profile, as is segment; 'unknown' where nobody says
        county String,                 -- the order's own, else the profile's; so municipality and centrality
        municipality String,
        centrality String,
        segment String
    )
) ENGINE = ReplacingMergeTree(generation) PARTITION BY toYear(day) ORDER BY (day, organisation);

-- The register as it is now: what groups are made of. Aggregate's leader writes it when the file changes.
CREATE TABLE IF NOT EXISTS organisations (
    organisation LowCardinality(String),
    industry LowCardinality(String),
    region LowCardinality(String),     -- county of the venue
    city LowCardinality(String),       -- municipality of the venue
    owner LowCardinality(String),
    currency LowCardinality(String),
    venues Map(String, String),        -- performances elsewhere: venue → municipality
    ticket_classes Map(String, String),
    genres Map(String, String),
    gone Bool,                         -- no longer in the register
    version UInt64                     -- microseconds of the writing
) ENGINE = ReplacingMergeTree(version) ORDER BY organisation;
