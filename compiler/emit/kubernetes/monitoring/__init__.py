"""Monitors that tell Prometheus which pods to scrape."""
