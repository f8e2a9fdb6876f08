"""Lineage: the statements that decide each leaf of the emitted files, and the leaves that each statement moves."""
