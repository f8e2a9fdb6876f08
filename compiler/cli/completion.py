"""``cbp completion``: print the completion script of a shell."""

from __future__ import annotations

import click

from compiler.cli import options
from compiler.completion import INSTALLATION, SHELLS, script


@click.command(epilog=options.verbatim(*INSTALLATION))
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes cbp in a shell.

    It completes commands, options, and the names of the project's environments.
    """
    click.echo(script(context.find_root().command, shell), nl=False)
