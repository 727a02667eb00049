"""What the services share, the local runtime and the command line."""
