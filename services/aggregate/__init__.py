"""Keep the facts in ClickHouse and refresh the tables that are made of them."""
