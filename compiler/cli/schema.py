"""``cbp schema``: print the JSON Schemas for editors."""

from __future__ import annotations

import click

from compiler.cli import options
from compiler.errors import CouldNotRunError


@click.command(epilog=options.examples("cbp schema", "cbp schema compute", "cbp schema overlay > overlay.schema.json"))
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a kind of file, for editors.

    NAME is a section, environment, overlay, or waivers; without it, prints the list of names. cbp compile writes each
    schema to generated/schemas/NAME.json.
    """
    from compiler.diagnostics import did_you_mean
    from compiler.emit.editor import schemas
    from compiler.emit.serialise import to_json

    known = schemas()
    if name is None:
        click.echo("\n".join(known))
    elif name in known:
        click.echo(to_json(known[name]), nl=False)
    else:
        raise CouldNotRunError(f"there is no schema '{name}': {did_you_mean(name, known)}")
