"""``cbp doctor`` and ``cbp completion``: this machine and its shell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler import completion as completion_
from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples("cbp doctor", "cbp doctor --format json"))
@options.root
@options.formats("text", "json")
def doctor(root: Path, format_: str) -> None:
    """Say what this machine lacks for the project, and what to do about it.

    Starts the embedded servers for a moment. Exits with 0 when everything that is needed is there, else with 1.
    """
    from compiler.doctor import examine, exit_code, report

    checks = examine(root)
    click.echo(report.as_json(checks) if format_ == "json" else report.as_text(checks), nl=False)
    sys.exit(exit_code(checks))


@click.command(epilog=options.verbatim(*completion_.INSTALLATION))
@click.argument("shell", type=click.Choice(completion_.SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets a shell complete commands, options and the names of environments."""
    click.echo(completion_.script(context.find_root().command, shell), nl=False)
