"""``cbp up``: compile, and run the API with its servers on this machine."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from compiler import completion
from compiler.cli import compile_options, options
from compiler.cli.naming import require_environment
from compiler.cli.outcome import compiled, show_briefly

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions


@click.command(epilog=options.examples("cbp up", "cbp up --port 9000", "cbp up --environment staging"))
@click.option(
    "--environment",
    default="development",
    show_default=True,
    shell_complete=completion.environments,
    help="The environment with the settings to serve under.",
)
@options.port
@compile_options.compiling
def up(compiling: CompileOptions, environment: str, port: int | None) -> None:
    """Try the API on an embedded PostgreSQL and Valkey.

    Compiles, judges, and serves on 127.0.0.1. Ctrl-C stops everything; nothing is left behind. Without a base, as in a
    copy that is no Git repository, transitions are not judged.
    """
    from runtime.embedded import stack

    require_environment(compiling.root, environment)
    outcome = compiled(replace(compiling, require_base=False), writing=True)
    show_briefly(outcome)
    if outcome.exit_code:
        sys.exit(outcome.exit_code)
    found = min((compiling.root / "generated" / environment).glob("*/runtime/settings.json"))
    sys.exit(stack.run(found, port=port, announce=click.echo))
