"""The pages of the query service: for people who look, not people who query."""
