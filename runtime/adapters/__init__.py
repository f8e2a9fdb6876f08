"""Adapters of the ports: PostgreSQL through asyncpg, Redis through redis-py."""
