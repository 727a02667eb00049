"""Add what one record can tell: age band and place."""
