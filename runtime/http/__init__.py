"""The HTTP edge: requests become values of the domain, results and faults become answers."""
