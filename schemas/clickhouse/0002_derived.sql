-- Derived tables: absolute values, a whole cell at a time. `generation` = all marks there were when the
-- refresh began; the greater one stands, whoever wrote last.

CREATE TABLE IF NOT EXISTS sales_live (
    organisation LowCardinality(String),
    day Date,
    generation UInt64,
    minute Nested (                    -- local minute of the day; lines whose hour is known
        of_day UInt16,
        currency String,
        orders UInt64,
        tickets UInt64,
        refunded_tickets UInt64,
        gross_revenue Int64,
        net_revenue Int64
    )
) ENGINE = ReplacingMergeTree(generation) ORDER BY (day, organisation);

-- Money stands by currency: currencies are never added up.
CREATE TABLE IF NOT EXISTS kpi_daily (
    scope_kind LowCardinality(String), -- 'organisation'
    scope LowCardinality(String),
    day Date,
    generation UInt64,
    orders UInt64,
    ticket_orders UInt64,              -- orders with a ticket
    tickets UInt64,
    refunded_tickets UInt64,
    known_tickets UInt64,              -- tickets whose customer is known
    known_refunded_tickets UInt64,
    customer_records UInt64,
    money Nested (
        currency String,
        orders UInt64,
        gross_revenue Int64,
        net_revenue Int64,
        fees Int64,
        ticket_revenue Int64,          -- net revenue of ticket lines
        paid_tickets Int64             -- sold above 0 less refunded above 0
    )
) ENGINE = ReplacingMergeTree(generation) PARTITION BY toYear(day) ORDER BY (scope_kind, scope, day);
