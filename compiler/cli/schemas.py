"""``cbp schemas``: make the schemas of custom resources, by which ``cbp compile`` and ``cbp verify`` judge."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.cli import options


@click.group(epilog=options.examples("cbp schemas add --to ~/crds definitions.yaml"))
def schemas() -> None:
    """Make the schemas by which custom resources are judged.

    Those that help an editor with spec/ and environments/ are others: cbp schema prints them.
    """


@schemas.command(
    epilog=options.examples(
        "cbp schemas add --to ~/crds definitions.yaml    what kubectl get crd -o yaml printed",
        "cbp schemas add --to ~/crds -                   the same, from standard input",
        "cbp verify --schemas ~/crds --require-schemas   judge by them",
    )
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    envvar=options.SCHEMAS,
    show_envvar=True,
    help="The folder to write to, which --schemas of cbp compile and cbp verify then names.",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
def add(folder: Path, files: tuple[str, ...]) -> None:
    """Turn CustomResourceDefinitions into strict schemas.

    A schema refuses a field which the API server would drop. Each FILE is YAML or JSON as kubectl prints it, the
    manifest of an operator's release, or - for standard input. Every served version becomes GROUP/KIND_VERSION.json; a
    schema that is there already is replaced. Of several files, all are written or, where one cannot be used, none.
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
