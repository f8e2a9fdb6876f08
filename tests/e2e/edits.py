"""What users do to a specification, written as they would: each edit starts from what the project says by then."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from compiler.model.specification import SECTIONS
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources.files import load
from compiler.sources.nodes import ScalarNode, lookup
from tests.compiler.project import FROZEN, keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compiler.diagnostics import Span

_WAIVER = """\
  - rule: DEP002
    resource: environment.image.release
    reason: the first image has not been built and signed yet
    owner: platform
    ticket: PLAT-1234
    granted: {granted}
    expires: {expires}
"""


def more_replicas(project: Path) -> None:
    """Let the application grow to 12 replicas, or further than it may already, with pools that fit."""
    spec = environments(project)[0].spec
    before = spec.orchestration.configuration.replicas.max
    after = 12 if before < 12 else before + 4
    for path in ("orchestration.configuration.replicas.max", "compute.application_tier.instances.max"):
        restate(project, path, lambda _: str(after))
    restate(project, "connections.database.pool_size", lambda text: str(int(text) * before // after))


def another_environment(project: Path) -> None:
    """Add ``uat``: the frozen staging under another name, with the overlays of an environment that there is."""
    model, folder = environments(project)[-1].environment.name, project / "environments/uat"
    shutil.copytree(project / "environments" / model / "overlays", folder / "overlays")
    text = (FROZEN / "environments/staging/environment.yaml").read_text()
    text = re.sub(r"(?<!stage: )staging", "uat", text)
    (folder / "environment.yaml").write_text(renumbered(project, text))


def another_zone(project: Path) -> None:
    """Spread every cluster over one more zone."""
    for item in environments(project):
        for name, cluster in item.environment.clusters.items():
            last = cluster.zones[-1]
            path = f"environment.clusters.{name}.zones.{len(cluster.zones) - 1}"
            insert(project, item.span(keys(path)), last, f"{last[:-1]}{chr(ord(last[-1]) + 1)}")


def another_recovery_region(project: Path) -> None:
    """Add a recovery cluster to the environment that has the most clusters, after the pattern of its last one."""
    item = max(environments(project), key=lambda found: len(found.environment.clusters))
    name = list(item.environment.clusters)[-1]
    file = project / f"environments/{item.environment.name}/environment.yaml"
    block = re.search(rf"^    {re.escape(name)}:\n(?:(?:      .*)?\n)+", file.read_text(), re.MULTILINE)
    assert block, f"{file} does not have its clusters as blocks"
    added = re.sub(r"role: \w+", "role: recovery", block[0].replace(name, "eu-south-2"))
    file.write_text(file.read_text().replace(block[0], block[0] + renumbered(project, added)))


def another_target(project: Path) -> None:
    """Lower the target of the processor by five per cent in every place that states it."""
    for path in (
        "auto_scaling.application.triggers.cpu.target",
        "compute.application_tier.scaling.thresholds.scale_up",
        "components.api_layer.scaling.thresholds.scale_up",
    ):
        restate(project, path, lambda text: re.sub(r"\d+", lambda found: str(int(found[0]) - 5), text, count=1))


def a_waiver_of_today(project: Path) -> None:
    """Let an environment whose image is not built yet live with that for four weeks from today."""
    today = datetime.now(UTC).date()
    waiver = _WAIVER.format(granted=today, expires=today + timedelta(days=28))
    for item in environments(project):
        unreleased = item.environment.image.release == "unreleased" and item.environment.stage != "development"
        file = project / f"environments/{item.environment.name}/waivers.yaml"
        if unreleased and "DEP002" not in (file.read_text() if file.exists() else ""):
            head = file.read_text() if file.exists() else "waivers:\n"
            file.write_text(f"{head.rstrip()}\n{waiver}")


def another_limit_of_a_route(project: Path) -> None:
    """Halve what the first route of each environment that limits one admits."""
    for item in environments(project):
        for limit in ("default", "burst"):
            path = keys(f"environment.throttling.routes.0.limits.{limit}")
            node = lookup(item.tree, path)
            if isinstance(node, ScalarNode):
                halved = re.sub(r"\d+", lambda found: str(int(found[0]) // 2), node.text, count=1)
                replace(project, item.span(path), halved)


def one_environment_less(project: Path) -> None:
    """Remove an environment, where there is another one."""
    if len(found := environments(project)) > 1:
        shutil.rmtree(project / "environments" / found[0].environment.name)


EDITS: dict[str, Callable[[Path], None]] = {
    edit.__name__.replace("_", " "): edit
    for edit in (
        more_replicas,
        another_environment,
        another_zone,
        another_recovery_region,
        another_target,
        a_waiver_of_today,
        another_limit_of_a_route,
        one_environment_less,
    )
}


def environments(project: Path) -> tuple[Resolved, ...]:
    """Return the environments of a project, each value with the line that decided it."""
    found, _ = resolve(project, load(project, SECTIONS))
    return tuple(sorted(found, key=lambda item: item.environment.name))


def restate(project: Path, path: str, instead: Callable[[str], str]) -> None:
    """Change a value in each file that decides it for some environment; its path is written with dots."""
    spans = {item.span(keys(path)): lookup(item.tree, keys(path)) for item in environments(project)}
    for span, node in spans.items():
        assert isinstance(node, ScalarNode), path
        replace(project, span, instead(node.text))


def replace(project: Path, span: Span, text: str) -> None:
    """Write a value in the place of another one, in the quotes that are there."""
    lines = (project / span.source.path).read_text().split("\n")
    line, start, end = lines[span.line - 1], span.column - 1, span.column - 1 + span.width
    quote = line[start] if line[start] in "\"'" else ""
    lines[span.line - 1] = f"{line[:start]}{quote}{text}{quote}{line[end:]}"
    (project / span.source.path).write_text("\n".join(lines))


def insert(project: Path, span: Span, before: str, text: str) -> None:
    """Write one more entry after an entry of a list, in brackets or in lines of its own."""
    lines = (project / span.source.path).read_text().split("\n")
    line, end = lines[span.line - 1], span.column - 1 + span.width
    if line.lstrip().startswith("- "):
        lines.insert(span.line, line.replace(before, text))
    else:
        entry = line[span.column - 1 : end].replace(before, text)
        lines[span.line - 1] = f"{line[:end]}, {entry}{line[end:]}"
    (project / span.source.path).write_text("\n".join(lines))


def renumbered(project: Path, text: str) -> str:
    """Return a text whose private networks are some that no environment has."""
    used = "".join(file.read_text() for file in project.glob("environments/*/environment.yaml"))
    free = max((int(found) for found in re.findall(r"\b10\.(\d+)\.", used)), default=0) + 1
    return re.sub(r"\b10\.\d+\.", f"10.{free}.", text)
