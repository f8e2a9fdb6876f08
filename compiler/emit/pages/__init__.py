"""Pages for people: ``README.md``, ``bootstrap.md`` and ``network.md`` of each cluster."""
