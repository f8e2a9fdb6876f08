"""Kubernetes objects of the proxy in each pod of the API."""
