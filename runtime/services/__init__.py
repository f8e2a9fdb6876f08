"""What the API does, over the ports: entries with safe retries, throttling with leases, draining."""
