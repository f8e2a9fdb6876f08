"""The cache: Redis servers, their sentinels, and snapshots of their volumes."""
