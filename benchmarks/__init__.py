"""Measurements of the project: what is claimed about speed is measured here, on the machine at hand."""
