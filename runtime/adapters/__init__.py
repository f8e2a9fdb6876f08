"""The ports on real servers: PostgreSQL through asyncpg, Redis through redis-py."""
