"""Why the gate could not judge. Never a pass: the command that runs the gate exits with its own status for it."""

from __future__ import annotations


class PolicyError(Exception):
    """The gate could not be run to a verdict, so that there is none: neither a pass nor a finding."""
