"""PostgreSQL: the Cluster of CloudNativePG, its poolers, its replicas and its backups."""
