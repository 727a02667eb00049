"""Kafka and ClickHouse's engine as child processes, and what supervises them and the services."""
