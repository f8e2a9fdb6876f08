"""Checks of every rendered Kubernetes object against its schema, offline and strictly."""
