"""Compare the objects of a running cluster with the compiled ones."""
