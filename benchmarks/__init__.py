"""Speed and memory, measured against the figures of the design; run by ``make bench``."""
