"""Receive what vendors deliver, and publish it as transactions."""
