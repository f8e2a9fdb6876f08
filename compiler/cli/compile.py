"""``cbp compile``: write ``generated/``, or report its differences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import compile_options, options
from compiler.cli.outcome import asked, compiled, form, show

if TYPE_CHECKING:
    from compiler.cli.compile_options import CompileOptions, ReportOptions


@click.command(
    "compile",
    epilog=options.examples("cbp compile", "cbp compile --environment production", "cbp compile --check --format json"),
)
@options.environments
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; show what the changed statements do, and exit with 1 if a file under generated/ differs.",
)
@compile_options.compiling
@compile_options.reporting
def compile_(compiling: CompileOptions, reporting: ReportOptions, environments: tuple[str, ...], check: bool) -> None:
    """Compile spec/ and environments/ into generated/.

    Nothing is written while there is an error. Files that are no longer generated are removed; other files stay.

    Writing is atomic: after an interruption the next compilation finishes it, and until then --check exits with 2.
    A second compilation waits for the first.
    """
    from compiler.cli.cache import CompileCache

    cached = compiling.alone and not (environments or check)
    cache = CompileCache(compiling.root, compiling.as_of, compiling.history) if cached else None
    if cache and not reporting.all_ and (report := cache.report(form(reporting.format_))):
        click.echo(report, nl=False)
        return
    outcome = compiled(compiling, environments, writing=not check, pages=reporting.pages)
    if check:
        outcome = asked(outcome, compiling)
    show(outcome, reporting)
    if cache:
        cache.keep(outcome, form(reporting.format_))
    sys.exit(outcome.exit_code)
