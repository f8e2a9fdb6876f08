"""``cbp fix``: write the values that findings propose."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

import click

from compiler.cli import compile_options, options
from compiler.cli.outcome import prover

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.cli.compile_options import CompileOptions
    from compiler.fix.fix import Fix
    from compiler.pipeline import Compilation


@click.command(epilog=options.examples("cbp fix", "cbp fix --check", "cbp fix --base origin/main"))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if there is something to write.")
@compile_options.compiling
def fix(compiling: CompileOptions, check: bool) -> None:
    """Write the statements that have to follow an edit.

    A value of spec/ or environments/ that was edited since the base is the intent. Of the other statements of a
    relation that no longer holds, the first follows, by as little as the relation asks for, and then what follows from
    that. Comments and format stay.

    Nothing is written if an edit would bring a new error. Exit status 1 says that there are errors left.
    """
    from compiler import pipeline
    from compiler.diagnostics.text import line
    from compiler.fix.fix import fix as fixed
    from compiler.schemas.custom import CustomSchemas
    from compiler.write.disk import replace

    custom = CustomSchemas(compiling.schemas, required=compiling.require_schemas)
    history = compiling.history
    with prover(compiling, trusting=True) as prove:
        once = cache(prove)  # each round judges by the same policies

        def compiled(sources: Path) -> Compilation:
            arguments = (custom, once, compiling.as_of, history)
            return pipeline.compile_project(compiling.root, (), *arguments, sources=sources)

        found = fixed(compiling.root, compiled, history)
    for edit in found.edits:
        click.echo(str(edit))
    for finding in (*found.brought, *found.left):
        click.echo(line(finding, colour=False), nl=False)
    if not (check or found.brought):
        for path, content in found.files.items():
            replace(compiling.root / path, content)
    click.echo(_summary(found, check=check))
    sys.exit(1 if found.brought or found.left or (check and found.edits) else 0)


def _summary(found: Fix, *, check: bool) -> str:
    from compiler.report.outcome import counted

    if found.brought:
        return f"nothing was written: that would bring {counted(len(found.brought), 'new error')}; choose another value"
    if not found.edits:
        return "nothing is proposed" if found.left else "nothing to fix"
    files = ", ".join(found.files)
    return f"to write: {files}" if check else f"wrote  {files}; now run: cbp compile"
