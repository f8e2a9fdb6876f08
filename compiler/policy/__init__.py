"""The gate: Rego rules that judge relations between values, and fail closed."""
