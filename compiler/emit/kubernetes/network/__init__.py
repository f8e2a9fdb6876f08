"""NetworkPolicies, which allow the declared flows."""
