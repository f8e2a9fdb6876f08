"""Kubernetes objects, as data. One module for each concern; ``objects`` lists them all."""
