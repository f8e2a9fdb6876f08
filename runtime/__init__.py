"""The Configuration API: serves configuration under exactly the limits that the compiler wrote."""
