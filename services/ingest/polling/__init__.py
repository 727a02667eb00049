"""Fetching from vendors' APIs: an authenticated client, stored cursors, and what is asked when."""
