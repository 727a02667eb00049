-- Figures of groups, by attribute, rolling and in common: computed from `visits` and the facts at a
-- pace of their own. `generation` here = all that `visits` had covered when the refresh began; as
-- everywhere the greater one stands. Each statement writes a row for every key there may be, so that
-- a value which vanished is gone, and one who wakes up late overwrites nothing newer.

-- Rows of other scopes than 'organisation' stand here too: industry, region, city, industry-region
-- ('museum/46') and network (''). A line counts in the region and city of its venue.
ALTER TABLE kpi_daily
    ADD COLUMN IF NOT EXISTS customers UInt64 AFTER customer_records;    -- persons with a sale line; an organisation's stand in `visits`

-- Whether the cells of an organisation were marked after its row had changed; who finds one that is
-- not writes it again, so that `scopes` has it too.
ALTER TABLE organisations ADD COLUMN IF NOT EXISTS marked Bool DEFAULT false;

-- Every scope that the register has ever made, for the rows which say that nothing is there any more.
CREATE TABLE IF NOT EXISTS scopes (scope_kind LowCardinality(String), scope String)
ENGINE = ReplacingMergeTree ORDER BY (scope_kind, scope);
CREATE MATERIALIZED VIEW IF NOT EXISTS scopes_of_organisations TO scopes AS
SELECT DISTINCT s.1 AS scope_kind, s.2 AS scope FROM (
    SELECT arrayJoin(arrayConcat(
        [('network', ''), ('organisation', toString(organisation)), ('own', toString(organisation)),
            ('industry', toString(industry))],
        arrayFlatten(arrayMap(
            c -> [('city', c), ('region', left(c, 2)),
                ('industry-region', concat(industry, '/', left(c, 2)))],
            arrayDistinct(arrayPushBack(mapValues(venues), toString(city)))
        ))
    )) AS s FROM organisations
);

-- order_id → the cells it was ever seen in: how large a party is, the whole order says.
CREATE TABLE IF NOT EXISTS order_days (order_id UInt128, organisation LowCardinality(String), day Date)
ENGINE = ReplacingMergeTree ORDER BY (order_id, organisation, day) SETTINGS index_granularity = 512;
CREATE MATERIALIZED VIEW IF NOT EXISTS order_days_of_sales TO order_days AS
SELECT order_id, organisation, day FROM sales;
INSERT INTO order_days SELECT order_id, organisation, day FROM sales;

-- An organisation's day by what tells customers or sales apart: personal attributes (age_band gender
-- county municipality centrality segment) and the shared vocabulary (ticket_class genre channel
-- price_band lead_time party_size weekday_hour). Groups are the sum over organisations, but for
-- customers.
CREATE TABLE IF NOT EXISTS kpi_daily_by (
    organisation LowCardinality(String),
    by LowCardinality(String),
    day Date,
    generation UInt64,
    cell Nested (
        value String,
        orders UInt64,                 -- counted once in each value that the order has a sale line in
        ticket_orders UInt64,
        tickets UInt64,
        refunded_tickets UInt64,
        known_tickets UInt64,
        known_refunded_tickets UInt64,
        customer_records UInt64,
        customers UInt64               -- persons
    ),
    money Nested (
        value String,
        currency String,
        orders UInt64,
        gross_revenue Int64,
        net_revenue Int64,
        fees Int64,
        ticket_revenue Int64,
        paid_tickets Int64
    )
) ENGINE = ReplacingMergeTree(generation) PARTITION BY toYear(day) ORDER BY (organisation, by, day);

-- Distinct persons of the `window` days that end with `day`, on every day from the first visit on.
-- scope_kind 'own' has an organisation's own persons.
CREATE TABLE IF NOT EXISTS kpi_rolling (
    scope_kind LowCardinality(String),
    scope LowCardinality(String),
    window UInt16,
    day Date,
    generation UInt64,
    customers UInt64
) ENGINE = ReplacingMergeTree(generation) PARTITION BY toYear(day) ORDER BY (scope_kind, scope, window, day);

-- Whom an organisation shares its persons with: one row a period and organisation, and one of the
-- network (organisation ''). Periods are named as in questions, '2026-05', '2026', 'season-2025',
-- 'rolling-365@2026-05-31'; 'rolling-28' is the window that ends with the last day there is.
CREATE TABLE IF NOT EXISTS cross_use (
    period LowCardinality(String),
    organisation LowCardinality(String),
    begins Date,
    ends Date,
    generation UInt64,                 -- << 16 | the last day when it was computed
    customers UInt64,                  -- its persons
    network UInt64,                    -- everybody's persons
    other Nested (
        kind String,                   -- organisation; industry, region: any other there; many: at so many organisations in all
        name String,
        shared UInt64                  -- persons of both
    )
) ENGINE = ReplacingMergeTree(generation) ORDER BY (period, organisation);
