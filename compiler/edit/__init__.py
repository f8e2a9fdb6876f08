"""Edits of files that people write: an edit changes the lines that it is about, and leaves every other byte."""
