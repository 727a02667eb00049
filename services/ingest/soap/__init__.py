"""SOAP services of ours, which tills call."""
