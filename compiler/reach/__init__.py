"""Analyse the reach of statements: change each one alone, and compare the files and the verdicts."""
