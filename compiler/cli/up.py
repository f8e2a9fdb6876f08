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
from compiler.cli.watch import recompile

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions


@click.command(
    epilog=options.examples("cbp up", "cbp up --watch", "cbp up --port 9000", "cbp up --environment staging")
)
@click.option(
    "--environment",
    default="development",
    show_default=True,
    shell_complete=completion.environments,
    help="The environment with the settings to serve under.",
)
@options.port
@click.option("--watch", is_flag=True, help="Compile whenever a file changes, and serve under the new settings.")
@compile_options.compiling
def up(compiling: CompileOptions, environment: str, port: int | None, watch: bool) -> None:
    """Try the API on an embedded PostgreSQL and Valkey.

    Compiles, judges, and serves on 127.0.0.1. Ctrl-C stops everything; nothing is left behind. Without a base, as in a
    copy that is no Git repository, transitions are not judged.

    With --watch, an edit that changes the API's settings starts the API again under the new ones, on the same data; an
    edit with an error leaves it as it is.
    """
    from compiler.watching import Watch
    from runtime.embedded import stack

    require_environment(compiling.root, environment)
    compiling = replace(compiling, require_base=False)
    seen = Watch(compiling.root)
    outcome = compiled(compiling, writing=True)
    show_briefly(outcome)
    if outcome.exit_code:
        sys.exit(outcome.exit_code)
    found = min((compiling.root / "generated" / environment).glob("*/runtime/settings.json"))
    served = found.read_bytes()

    def renewed() -> bool:
        """Compile after a change of files, and return whether the served settings changed."""
        nonlocal served
        changed = seen.changed() if watch else ()
        if not changed or not recompile(compiling, changed):
            return False
        before, served = served, found.read_bytes() if found.is_file() else served
        return served != before

    sys.exit(stack.run(found, port=port, announce=click.echo, renewed=renewed))
