"""A small network of institutions that sell to the same people, and what is true of its groups."""
