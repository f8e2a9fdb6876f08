"""Objects that every zone of a cluster has: namespaces, roles, storage classes, certificates, and stores of secrets."""
