"""Who reaches whom: read from the rendered NetworkPolicies as a cluster would apply them."""
