"""The rules of the service, without I/O: entries, their names and preconditions, and token bucket arithmetic."""
