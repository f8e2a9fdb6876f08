"""The policy gate: Rego rules judge relations between values, and fail closed."""
