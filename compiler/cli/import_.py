"""``cbp import``: write ``spec/`` from the blocks of YAML in a document."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler import project
from compiler.cli import options
from compiler.cli.outcome import form

if TYPE_CHECKING:
    from compiler.sources.nodes import KeyValue, Node


def _project(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Return the given project, or the one around the current folder, if there is one."""
    try:
        return value or project.find()
    except project.NoProjectError:
        return None


@click.command(
    "import",
    epilog=options.examples(
        "cbp import architecture.md --into ../new", "cbp import architecture.md --into ../new --lenient"
    ),
)
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of a project, in which spec/ is written; a spec/ that is there is never overwritten.",
)
@click.option(
    "--lenient", is_flag=True, help="Mend lists without a key, make the recorded departures, and tell each of them."
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    callback=_project,
    show_default="the project around the current folder, if any",
    help="The project from whose spec/ a recorded departure takes what the document lacks.",
)
def import_(document: Path, folder: Path, root: Path | None, lenient: bool) -> None:
    """Write spec/ from the blocks of YAML in a Markdown document.

    Each section of the specification is read from its fenced block, and the references also from a list. Mistakes are
    reported at their lines of DOCUMENT; while there is one, nothing is written.
    """
    from compiler.diagnostics import Finding, has_errors
    from compiler.importer.document import read
    from compiler.importer.files import files, write
    from compiler.report import imported as report
    from compiler.sources import disk

    source = disk.read(Path(), document.as_posix())
    if isinstance(source, Finding):
        click.echo(report.findings([source], colour=_colour()), nl=False)
        sys.exit(1)
    imported = read(source, lenient=lenient, project=_sections(root) if lenient else None)
    click.echo(report.findings(imported.findings, colour=_colour()), nl=False)
    if has_errors(imported.findings):
        mended = None if lenient else read(source, lenient=True, project=_sections(root))
        click.echo(report.refused(imported, mended), nl=False)
        sys.exit(1)
    click.echo(report.written(imported, write(folder, files(imported))), nl=False)


def _colour() -> bool:
    return form("text") == "colour"


def _sections(root: Path | None) -> Node | None:
    """Return the tree of a project's sections, as far as they can be read; None where there is none."""
    from compiler.diagnostics import Source
    from compiler.model.specification import SECTIONS
    from compiler.sources.files import load
    from compiler.sources.nodes import MappingNode

    entries: dict[str, KeyValue] = {}
    for _, node in load(root, SECTIONS).sections if root else ():
        entries |= node.entries if isinstance(node, MappingNode) else {}
    return MappingNode(entries, Source("spec", "").place(0)) if entries else None
