"""The shapes of what is kept: Avro records, ClickHouse tables, the open standard."""
