"""How emitters run: each has a key, so that its results may be kept for another variant of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from compiler.emit.component import T


class Run(Protocol):
    """A function that returns the results of an emitter."""

    def __call__(self, key: Hashable, emit: Callable[[], Iterable[T]], /, *given: Sequence[object]) -> tuple[T, ...]:
        """Return the results of ``emit``, which depend on models, and on the results of others that are ``given``.

        ``key`` names the emitter and its cluster; no other emitter of the environment has it.
        """


def anew(_key: Hashable, emit: Callable[[], Iterable[T]], /, *_given: Sequence[object]) -> tuple[T, ...]:
    """Return the results of an emitter, which runs each time."""
    return tuple(emit())
