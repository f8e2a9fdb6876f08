"""Renderers of a command's outcome, for people, programs and platforms."""
