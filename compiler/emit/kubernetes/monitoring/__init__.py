"""Monitoring: PodMonitors and alerts for Prometheus, the rules of the metrics adapter, and the flows of both."""
