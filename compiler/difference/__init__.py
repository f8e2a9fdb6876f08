"""The difference of two states of a project, by cause: changed statements, the values that follow, and what happens."""
