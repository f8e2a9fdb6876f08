"""Drills of a takeover: their steps, their records in ``environments/<environment>/drills/``, and whether one is due.

Sources: ``recovery.rto``, ``recovery.procedures``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from compiler.diagnostics import Finding, Source
from compiler.emit.kubernetes.common.cron import longest_interval
from compiler.emit.pages.disaster import steps
from compiler.emit.site import site_of
from compiler.errors import CouldNotRunError
from compiler.model.drill import Drill, DrillFile
from compiler.resolve.bind import bind
from compiler.sources import disk
from compiler.sources import yaml as located
from compiler.sources.files import DRILLS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from compiler.emit.pages.disaster import Step
    from compiler.resolve.resolved import Resolved

_HEAD = "# Recorded by cbp drill run (docs/recovery.md): what was measured is not edited.\n"


class UnreadableError(CouldNotRunError):
    """A record that cannot be read; the message names each fault with its place."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """A standby cluster of an environment, the cluster that serves, and the steps by which it would take over.

    Each step has its share of the recovery time objective in seconds.
    """

    environment: str
    cluster: str
    former: str
    objective_seconds: int
    steps: tuple[tuple[Step, int], ...]


def takeover(resolved: Resolved, cluster: str) -> Takeover:
    """Return the takeover that a cluster may have to do.

    Raises:
        CouldNotRunError: the environment has no such cluster, or no other one serves from which it could take over.
    """
    name, clusters = resolved.environment.name, resolved.environment.clusters
    if cluster not in clusters:
        raise CouldNotRunError(f"{name} has no cluster '{cluster}': it has {', '.join(clusters)}")
    former = next((other for other, found in clusters.items() if other != cluster and found.role == "primary"), None)
    if former is None or site_of(resolved, cluster).serves:
        raise CouldNotRunError(f"{name}/{cluster} stands by for no cluster, so that it has nothing to take over")
    objective = resolved.spec.recovery.rto.target.seconds
    return Takeover(name, cluster, former, objective, steps(site_of(resolved, cluster), former))


def standbys(resolved: Resolved) -> tuple[str, ...]:
    """Return the clusters of an environment that may have to take over from another one."""
    clusters = resolved.environment.clusters
    serves = any(cluster.role == "primary" for cluster in clusters.values())
    return tuple(name for name in clusters if serves and not site_of(resolved, name).serves)


def record(root: Path, environment: str, drill: Drill) -> Path:
    """Write the record of a drill, and return its file; one of the same day and cluster stays as it is."""
    folder = root / "environments" / environment / DRILLS
    folder.mkdir(exist_ok=True)
    stem, number = f"{drill.day}-{drill.cluster}", 1
    said = {**drill.model_dump(exclude={"steps"}), "steps": [step.model_dump(mode="json") for step in drill.steps]}
    text = _HEAD + yaml.safe_dump({"drill": said}, sort_keys=False, width=120)
    while True:
        file = folder / (f"{stem}.yaml" if number == 1 else f"{stem}-{number}.yaml")
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.write(text)
        except FileExistsError:
            number += 1
        else:
            return file


def recorded(root: Path, environment: str) -> tuple[Drill, ...]:
    """Return the drills of an environment, in the order of their days.

    Raises:
        UnreadableError: a file of the folder is no record.
    """
    folder = f"environments/{environment}/{DRILLS}"
    names = disk.names(root, folder)
    if isinstance(names, Finding):
        raise UnreadableError(_told(names))
    found = [_read(root, f"{folder}/{name}") for name in sorted(names)]
    return tuple(sorted(found, key=lambda drill: drill.day))


def due(resolved: Resolved, drills: Sequence[Drill], as_of: date) -> str | None:
    """Return why a drill is due on a day; None where none is, or where no cluster stands by.

    The last one that showed the objective may be as old as ``recovery.rto.validation`` says, of whichever cluster.
    """
    validation = resolved.spec.recovery.rto.validation
    if not standbys(resolved):
        return None
    shown = [drill.day for drill in drills if drill.shown and drill.day <= as_of]
    if not shown:
        return f"no drill has shown the objective of {resolved.spec.recovery.rto.target}: {validation.lower()}"
    age, longest = (as_of - shown[-1]).days, longest_interval(validation).seconds // 86400
    if age > longest:
        return f"the last drill that showed the objective was {age} days ago, on {shown[-1]}: {validation.lower()}"
    return None


def _read(root: Path, path: str) -> Drill:
    source = disk.read(root, path)
    if not isinstance(source, Source):
        raise UnreadableError(_told(source))
    node, findings = located.parse(source)
    if node is not None and not findings:
        file, findings = bind(DrillFile, node)
        if file is not None:
            return file.drill
    raise UnreadableError("; ".join(map(_told, findings)))


def _told(finding: Finding) -> str:
    return f"{finding.place}: {finding.message}: {finding.help}"
