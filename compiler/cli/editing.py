"""``cbp release`` and ``cbp schema``: what helps to edit the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compiler import completion
from compiler.cli import options
from compiler.cli.program import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path


@click.command(epilog=options.examples('cbp release --environment production --digest "$DIGEST"'))
@options.root
@click.option(
    "--environment",
    required=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="The environment that is to run the image.",
)
@click.option("--digest", required=True, metavar="SHA256", help="The image's digest: sha256:, 64 hexadecimal digits.")
def release(root: Path, environment: str, digest: str) -> None:
    """Name the image that an environment runs, in environments/NAME/environment.yaml.

    Nothing else in the file changes, except that the reason for running no release goes.
    """
    from compiler.release import ReleaseError, write_release

    try:
        file = write_release(root, environment, digest)
    except ReleaseError as error:
        raise CouldNotRunError(str(error)) from error
    click.echo(f"wrote  {file.as_posix()}; now run: make compile")


@click.command(epilog=options.examples("cbp schema", "cbp schema compute", "cbp schema overlay > overlay.schema.json"))
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a kind of file, for editors: a section's NAME, environment, overlay, or waivers.

    Without a name, list them. cbp compile writes each to generated/schemas/NAME.json.
    """
    from compiler.emit.editor import schemas
    from compiler.emit.serialise import to_json

    known = schemas()
    if name is None:
        click.echo("\n".join(known))
    elif name in known:
        click.echo(to_json(known[name]), nl=False)
    else:
        raise CouldNotRunError(f"there is no schema '{name}': use one of {', '.join(known)}")
