"""Protocols of the servers that the service needs, and their errors."""
