"""Define what a Rego engine does for the gate. One that cannot give an answer raises; it never answers with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compiler.policy.library import Module


class Engine(Protocol):
    """Load policies once, and evaluate them for many inputs."""

    @property
    def name(self) -> str:
        """The engine's name, for reports."""

    @property
    def version(self) -> str:
        """The engine's version, for reports."""

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Take the policies and their data.

        Raises:
            PolicyError: they do not compile, or say something that this engine would not hold to.
        """

    def evaluate(self, rule: str, document: str) -> Any:
        """Return the value of a rule, ``gate.verdict``, for an input (JSON text).

        Raises:
            PolicyError: there is no such rule, its value is undefined, or the evaluation failed.
        """

    def confirm(self) -> None:
        """Check that the policies and data are still what was loaded, where others could change them.

        Raises:
            PolicyError: they are not, so that what was evaluated since may have been judged by something else.
        """
