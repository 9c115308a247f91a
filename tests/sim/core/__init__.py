"""What every simulator shares: logical clock, fault book, request log, control API, certificates."""
