-- Where a unit died, and why: topic and reason, both of the greater where it died more than once.
ALTER TABLE ledger_units
    ADD COLUMN IF NOT EXISTS death SimpleAggregateFunction(max, Tuple(String, String));
