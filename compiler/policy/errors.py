"""The error of a gate that could not judge. Never a pass: the command that runs the gate exits with 2 for it."""

from __future__ import annotations

from compiler.errors import CouldNotRunError


class PolicyError(CouldNotRunError):
    """The gate could not be run to a verdict, so that there is none: neither a pass nor a finding."""

    about = "the policies could not judge"
