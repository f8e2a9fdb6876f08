"""Kubernetes objects, as data: a package for each component; ``objects`` turns them into files."""
