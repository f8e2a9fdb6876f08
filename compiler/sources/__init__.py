"""Located YAML: every value of the specification knows its file, line and column."""
