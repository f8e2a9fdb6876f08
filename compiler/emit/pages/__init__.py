"""Pages for people: ``bootstrap.md`` and ``network.md`` of each cluster."""
