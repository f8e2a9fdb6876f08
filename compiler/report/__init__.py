"""Reports: one outcome of a command, as text for people or as JSON for machines."""
