"""Emitters: pure functions from the resolved specification to the content of ``generated/``."""
