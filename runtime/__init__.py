"""The Configuration API: a service that enforces the limits of its compiled settings."""
