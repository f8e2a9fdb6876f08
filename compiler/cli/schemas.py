"""``cbp schemas``: make the schemas by which ``cbp compile`` and ``cbp verify`` validate custom resources."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.cli import options


@click.group(epilog=options.examples("cbp schemas add --to ~/crds definitions.yaml"))
def schemas() -> None:
    """Make the schemas that validate custom resources.

    For the schemas that help editors with spec/ and environments/, see cbp schema.
    """


@schemas.command(
    epilog=options.examples(
        "cbp schemas add --to ~/crds definitions.yaml    read the output of kubectl get crd -o yaml",
        "cbp schemas add --to ~/crds -                   read the same from standard input",
        "cbp verify --schemas ~/crds --require-schemas   validate by the schemas",
    )
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    envvar=options.SCHEMAS,
    show_envvar=True,
    help="The folder to write to, for --schemas of cbp compile and cbp verify.",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
def add(folder: Path, files: tuple[str, ...]) -> None:
    """Turn CustomResourceDefinitions into strict schemas.

    A schema refuses a field that the API server would drop. Each FILE is YAML or JSON as kubectl prints it, the
    manifest of an operator's release, or - for standard input. Every served version becomes GROUP/KIND_VERSION.json;
    existing schemas are replaced. If one of several files cannot be used, none is written.
    """
    from compiler.schemas.definitions import definitions, distinct
    from compiler.write.disk import replace

    found = distinct(item for file in files for item in definitions(_name(file), _read(file)))
    for definition in found:
        changed = replace(folder / definition.path, definition.content)
        click.echo(f"{'wrote' if changed else 'kept':>8}  {definition.path}")


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _read(file: str) -> bytes:
    with click.open_file(file, "rb") as stream:
        content: bytes = stream.read()
    return content
