"""Redis: its servers, its sentinels, and the snapshots of its volumes."""
