"""The rules of the service, free of I/O: entries, their names and preconditions, and token bucket arithmetic."""
