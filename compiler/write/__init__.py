"""The one writer of ``generated/``: it touches what changed, prunes what is no longer produced, and nothing else."""
