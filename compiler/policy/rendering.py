"""One cluster as the gate judges it: its resolved specification and its artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.emit.artifact import Artifact
    from compiler.emit.site import Site
    from compiler.model.environment import Environment
    from compiler.policy.before import Before
    from compiler.resolve.resolved import Resolved


@dataclass(frozen=True, slots=True)
class Rendering:
    """A cluster with its resolved specification (``resolved``) and its emitted files (``artifacts``).

    ``delivery`` are the files of its environment for Argo CD; ``others`` are the other environments of the same
    compilation. ``before`` is the committed state that it is compared with, None where there is no base.
    """

    resolved: Resolved
    site: Site
    artifacts: tuple[Artifact, ...]
    delivery: tuple[Artifact, ...]
    others: tuple[Environment, ...] = ()
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A cluster in which rules deny: its environment, its folder, and what it was judged with."""

    resolved: Resolved
    folder: str
    others: tuple[Environment, ...]
    before: Before | None

    @classmethod
    def of(cls, rendering: Rendering) -> Case:
        """Return the case of a cluster, without its files."""
        return cls(rendering.resolved, rendering.site.folder, rendering.others, rendering.before)
