"""The engine on an Open Policy Agent server: its settings, its client, and the engine itself."""
