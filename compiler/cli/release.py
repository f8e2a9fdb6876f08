"""``cbp release``: set the image that an environment runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler import completion
from compiler.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples('cbp release --environment production --digest "$DIGEST"'))
@options.root
@click.option(
    "--environment",
    required=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="The environment to run the image.",
)
@click.option("--digest", required=True, metavar="SHA256", help="The image's digest: sha256:, 64 hexadecimal digits.")
def release(root: Path, environment: str, digest: str) -> None:
    """Set the image that an environment runs.

    Writes the digest to environments/NAME/environment.yaml, and removes the reason for running no release. Nothing
    else in the file changes.
    """
    from compiler.release import write_release

    file = write_release(root, environment, digest)
    click.echo(f"wrote  {file.as_posix()}; now run: make compile")
