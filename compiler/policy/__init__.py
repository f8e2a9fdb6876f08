"""Judge relations between values by Rego rules, and fail closed."""
