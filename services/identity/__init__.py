"""Replace customers by keyed hashes; the only service that sees personal data."""
