"""Located YAML: every value of the specification has its file, line and column."""
