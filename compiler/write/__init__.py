"""The writer of ``generated/``, the only one: it writes changed files, removes stale ones, and touches no others."""
