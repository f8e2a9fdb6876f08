"""``cbp env``: write the folder of a new environment."""

from __future__ import annotations

import sys
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import click

from compiler import completion
from compiler.cli import compile_options, options
from compiler.cli.naming import require_environment
from compiler.cli.outcome import prover
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions
    from compiler.diagnostics import Finding
    from compiler.edit.environments import NewEnvironment
    from compiler.resolve.resolved import Resolved


def _pairs(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Split each NAME=VALUE at its first equals sign."""
    for value in values:
        if not all(value.partition("=")):
            raise click.BadParameter(f"'{value}' has no equals sign between two texts")
    return dict(value.split("=", 1) for value in values)


def _moves(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> list[Any]:
    """Return each pair of networks, which have one size."""
    found = []
    for pair in _pairs(context, parameter, values).items():
        try:
            old, new = map(ip_network, pair)
        except ValueError as error:
            raise click.BadParameter(f"{error}: write two networks, as 10.20.0.0/16=10.40.0.0/16") from None
        if (old.version, old.prefixlen) != (new.version, new.prefixlen):
            raise click.BadParameter(f"{old} and {new} are not of one size")
        found.append((old, new))
    return found


@click.group()
def env() -> None:
    """Write the folder of a new environment."""


@env.command(
    epilog=options.examples(
        "cbp env new uat --like staging --network 10.20.0.0/16=10.40.0.0/16",
        "cbp env new dr --like production --network 10.30.0.0/15=10.50.0.0/15 --set environment.host=dr.bank.example",
    )
)
@click.argument("name")
@click.option(
    "--like",
    "other",
    required=True,
    metavar="OTHER",
    shell_complete=completion.environments,
    help="The environment to begin from.",
)
@click.option(
    "--network",
    "moves",
    multiple=True,
    metavar="OLD=NEW",
    callback=_moves,
    help="Move the address ranges in network OLD to network NEW, which has the same size; may be repeated.",
)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="PATH=VALUE",
    callback=_pairs,
    help="Give a statement of environment.yaml this value; may be repeated.",
)
@compile_options.compiling
def new(compiling: CompileOptions, name: str, other: str, moves: list[Any], given: dict[str, str]) -> None:
    """Write an environment that is like another one, and compiles.

    Copies the overlays, and environment.yaml with values of its own: where a value holds the other's name it gets the
    new one, address ranges are moved, and what follows from neither is asked for, all at once. The result is compiled
    and judged first; nothing is written if there is an error.
    """
    from compiler.diagnostics.text import render
    from compiler.edit.environments import create, like
    from compiler.report.outcome import counted

    require_environment(compiling.root, other)
    planned = like(compiling.root, _resolved(compiling, other), name, other, given, moves)
    if errors := _errors(compiling, planned):
        click.echo(render(errors, colour=False), nl=False)
        click.echo(f"refused: {counted(len(errors), 'error')}; nothing was written")
        sys.exit(1)
    create(compiling.root / "environments", planned)
    for path in sorted(planned.files):
        click.echo(f"wrote  environments/{name}/{path}")
    for statement, value in planned.own.items():
        click.echo(f"  {statement}: {value}")
    click.echo("now run: make compile")


def _resolved(compiling: CompileOptions, other: str) -> tuple[Resolved, ...]:
    """Return the environments that can be resolved, the other one among them."""
    from compiler.model.specification import SECTIONS
    from compiler.resolve.resolved import resolve
    from compiler.sources.files import load

    found, _ = resolve(compiling.root, load(compiling.root, SECTIONS))
    if other not in {item.environment.name for item in found}:
        raise CouldNotRunError("the specification has errors: cbp compile says which")
    return found


def _errors(compiling: CompileOptions, planned: NewEnvironment) -> tuple[Finding, ...]:
    """Compile the project as if it had the new environment, and return the errors that are about this one."""
    import shutil
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from compiler.edit.environments import create
    from compiler.pipeline import compile_project
    from compiler.schemas.custom import CustomSchemas

    with TemporaryDirectory() as folder:
        sources = Path(folder)
        for part in ("spec", "environments"):
            shutil.copytree(compiling.root / part, sources / part, symlinks=True)
        create(sources / "environments", planned)
        schemas = CustomSchemas(compiling.schemas, required=compiling.require_schemas)
        with prover(compiling, trusting=True) as prove:
            compilation = compile_project(compiling.root, (), schemas, prove, compiling.as_of, sources=sources)
    found = tuple(finding for finding in compilation.findings if finding.refuses and _is_about(finding, planned.name))
    if not found and planned.name not in compilation.environments:
        raise CouldNotRunError("the specification has errors: cbp compile says which")
    return found


def _is_about(finding: Finding, name: str) -> bool:
    """Return whether a finding is about an environment: its files, or one of its clusters."""
    return any(
        place.startswith(f"{name}/") for place in (finding.place.removeprefix("environments/"), *finding.clusters)
    )
