"""Vendors' own APIs and tills, small and over real HTTP, as far as they are known or assumed."""
