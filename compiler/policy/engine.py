"""The protocol of a Rego engine; an engine that cannot answer raises, and never returns an undefined result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compiler.policy.library import Module


class Engine(Protocol):
    """A Rego engine with policies, which it evaluates for many inputs."""

    @property
    def name(self) -> str:
        """The engine's name, as reports show it."""

    @property
    def version(self) -> str:
        """The engine's version, as reports show it."""

    def evaluate(self, rule: str, document: str) -> Any:
        """Return the value of a rule, such as ``gate.verdict``, for an input (JSON text).

        Raises:
            PolicyError: the rule does not exist, its value is undefined, or the evaluation failed.
        """

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield the value of a rule for each input, in their order; a few inputs are taken ahead of their values.

        Raises:
            PolicyError: as for :meth:`evaluate`.
        """

    def confirm(self) -> None:
        """Check that the engine still holds the loaded policies and data, if others could change them.

        Raises:
            PolicyError: they changed, so that results since the last check are not reliable.
        """


class Loadable(Engine, Protocol):
    """A Rego engine that policies are loaded into, once."""

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Load the policies and their data.

        Raises:
            PolicyError: they do not compile, or use a construct that this engine does not support reliably.
        """
