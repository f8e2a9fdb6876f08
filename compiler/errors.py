"""The base of every error that ends a command before its work is done."""

from __future__ import annotations

from typing import ClassVar


class CouldNotRunError(Exception):
    """A command could not run and has no result: neither a pass nor a finding.

    The message is one line with the cause and the advice.
    """

    about: ClassVar[str] = ""
    """The failed action, for messages that do not name it."""

    @property
    def line(self) -> str:
        """The line for people: the failed action, if any, and the message."""
        return f"{self.about}: {self}" if self.about else str(self)
