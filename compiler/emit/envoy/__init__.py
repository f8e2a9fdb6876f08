"""The configuration of Envoy, the proxy in each pod of the API, and the numbers in it."""
