"""One module for each vendor: a pure function from its native record to transactions."""
