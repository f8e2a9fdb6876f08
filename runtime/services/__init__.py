"""Services of the API on top of the ports: entries with safe retries, throttling with leases, draining."""
