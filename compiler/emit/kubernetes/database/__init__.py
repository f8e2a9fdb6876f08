"""The database: CloudNativePG's Cluster of PostgreSQL, its poolers, its replicas and its backups."""
