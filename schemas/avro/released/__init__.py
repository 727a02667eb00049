"""Schemas that messages were written by in earlier releases: frozen."""
