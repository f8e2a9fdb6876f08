"""The reach of statements: change each statement alone, and compare the files and the denials."""
