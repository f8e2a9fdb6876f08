"""Define the base of every error that ends a command before its work is done."""

from __future__ import annotations

from typing import ClassVar


class CouldNotRunError(Exception):
    """A command could not run, so that it has no result: neither a pass nor a finding.

    The message says in one line what is wrong and what to do.
    """

    about: ClassVar[str] = ""
    """What could not be done, where the message alone does not tell."""

    @property
    def line(self) -> str:
        """The one line that a person reads."""
        return f"{self.about}: {self}" if self.about else str(self)
