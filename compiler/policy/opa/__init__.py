"""The OPA server as an engine: its settings, its client, and the engine that judges by it."""
