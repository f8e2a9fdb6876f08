"""``cbp show``: print the values of an environment with their lines, or of several environments side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler import completion, project
from compiler.cli import options
from compiler.cli.naming import require_environment
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.resolve.resolved import Resolved


@click.command(
    epilog=options.examples(
        "cbp show production                          every statement of production",
        "cbp show production compute                  a section, or any path",
        "cbp show staging production                  the values that differ, side by side",
        "cbp show staging production compute --all    those that are alike, too",
    )
)
@click.argument(
    "words", metavar="ENVIRONMENT... [PATH]", nargs=-1, required=True, shell_complete=completion.environments_and_paths
)
@options.root
@options.formats("text", "json")
@click.option("--all", "all_", is_flag=True, help="Of several environments, show the values that are alike, too.")
def show(words: tuple[str, ...], root: Path, format_: str, all_: bool) -> None:
    """Print the values of an environment with their lines.

    A value of an overlay is shown with the value of the specification that it hides. Several environments are shown
    side by side. PATH is a section, or a path with dots as findings print it: compute.application_tier, or
    environment.clusters.
    """
    from compiler.report.environments import render, rows

    names, path = _parted(root, words)
    environments = _resolved(root, names)
    found = rows(environments, path)
    if not found:
        raise CouldNotRunError(_unknown(root, environments, path))
    click.echo(render(environments, found, format_, whole=all_), nl=False)


def _parted(root: Path, words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the names of environments, each once, and the path behind them, which may be left out."""
    *names, last = dict.fromkeys(words)
    path = last if names and last not in project.environments(root) else ""
    names += [] if path else [last]
    for name in names:
        require_environment(root, name)
    return tuple(names), path


def _resolved(root: Path, names: tuple[str, ...]) -> tuple[Resolved, ...]:
    """Return the environments in the order of their names on the command line."""
    from compiler.diagnostics import has_errors
    from compiler.model.specification import SECTIONS
    from compiler.resolve.resolved import resolve
    from compiler.sources.files import load

    loaded = load(root, SECTIONS, names)
    found, findings = resolve(root, loaded)
    if has_errors((*loaded.findings, *findings)):
        raise CouldNotRunError("the specification has errors: cbp compile says which")
    return tuple(sorted(found, key=lambda item: names.index(item.environment.name)))


def _unknown(root: Path, environments: tuple[Resolved, ...], path: str) -> str:
    """Return the message about a path that no environment has, with advice on the first key that is unknown."""
    from compiler.diagnostics import did_you_mean
    from compiler.resolve.layers import decided, depth_in_common

    keys = path.split(".")
    known = [item.name.split(".") for resolved in environments for item in decided(resolved)]
    depth = max(depth_in_common(keys, other) for other in known)
    candidates = dict.fromkeys(".".join(other[: depth + 1]) for other in known if other[:depth] == keys[:depth])
    names = () if depth else project.environments(root)
    where = " or ".join(item.environment.name for item in environments)
    advice = did_you_mean(".".join(keys[: depth + 1]), (*candidates, *names))
    return f"there is no '{path}' in {where}: {advice}"
