"""Each vendor's server, as tests run it: its access, its records, and what can be wrong with it.

The servers themselves stand in simulation/servers, for the demo has them too.
"""
