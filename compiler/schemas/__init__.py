"""Schemas: every rendered Kubernetes object is checked offline and strictly."""
