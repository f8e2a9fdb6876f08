"""Render the outcome of a command for people, programs and platforms."""
