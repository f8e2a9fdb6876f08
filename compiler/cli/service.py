"""``cbp serve`` and ``cbp up``: the API under the compiled settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler import completion
from compiler.cli import engine as engines
from compiler.cli import options
from compiler.cli.outcome import compiled, show
from compiler.cli.program import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from compiler.policy.engine import Engine

_port = click.option("--port", type=click.IntRange(1, 65535), help="The port, in place of the settings' own.")


@click.command(epilog=options.examples("cbp serve --settings generated/development/eu-central-1/runtime/settings.json"))
@click.option("--settings", required=True, type=click.Path(path_type=Path), help="The compiled settings.json.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@_port
@click.option("--check", is_flag=True, help="Try the settings, the variables and each server; change nothing.")
def serve(settings: Path, host: str, port: int | None, check: bool) -> None:
    """Serve configuration under the compiled settings.

    Addresses and credentials of PostgreSQL and Redis come from the environment (CBP_DATABASE_URL, CBP_REDIS_URL; see
    docs/runtime.md).
    """
    arguments = ["--settings", str(settings), "--host", host, *(["--port", str(port)] if port else [])]
    arguments += ["--check"] if check else []
    os.execv(sys.executable, [sys.executable, "-m", "runtime", *arguments])  # noqa: S606 - our own module, no shell


@click.command(epilog=options.examples("cbp up", "cbp up --port 9000", "cbp up --environment staging"))
@options.root
@click.option(
    "--environment",
    default="development",
    show_default=True,
    shell_complete=completion.environments,
    help="Whose settings to serve under.",
)
@_port
@engines.choice
@options.as_of
def up(root: Path, environment: str, port: int | None, engine: Callable[[], Engine] | None, as_of: date) -> None:
    """Compile, judge, and start the API on an embedded PostgreSQL and Valkey, on 127.0.0.1.

    Ctrl-C stops everything; nothing is left behind.
    """
    from runtime.embedded import stack

    _known(root, environment)
    outcome = compiled(root, (), writing=True, engine=engine, as_of=as_of)
    show(outcome, "text", brief=True)
    if outcome.exit_code:
        sys.exit(outcome.exit_code)
    found = min((root / "generated" / environment).glob("*/runtime/settings.json"))
    sys.exit(stack.run(found, port=port, announce=click.echo))


def _known(root: Path, environment: str) -> None:
    """Refuse an environment that there is not before anything is compiled; what else is wrong the compiler reports."""
    from compiler.diagnostics.bounds import closest

    names = sorted(file.parent.name for file in root.glob("environments/*/environment.yaml"))
    if names and environment not in names:
        meant = closest(environment, names)
        advice = f"did you mean '{meant}'?" if meant else f"use one of: {', '.join(names)}"
        raise CouldNotRunError(f"there is no environment '{environment}': {advice}")
