"""NetworkPolicies, and the flows that they let through."""
