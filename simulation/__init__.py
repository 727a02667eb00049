"""A world with known truth that speaks the vendors' payloads; imports no service."""
