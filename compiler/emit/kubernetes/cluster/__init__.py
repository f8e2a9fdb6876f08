"""Objects that belong to no single component: namespaces, roles, storage classes, certificates, secret stores."""
