"""Edits of the specification that mend findings: what was edited is the intent, and the other statements follow it."""
