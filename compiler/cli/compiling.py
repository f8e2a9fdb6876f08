"""``cbp compile`` and ``cbp verify``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from compiler.cli import engine as engines
from compiler.cli import options
from compiler.cli.outcome import FORMATS, compiled, form, show
from compiler.cli.repeating import Repetition

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from compiler.policy.engine import Engine


@click.command(
    "compile",
    epilog=options.examples("cbp compile", "cbp compile --environment production", "cbp compile --check --format json"),
)
@options.root
@options.environments
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file under generated/ differs.")
@options.schemas
@options.require_schemas
@engines.choice
@options.as_of
@options.pages
@options.formats(*FORMATS)
def compile_(
    root: Path,
    environments: tuple[str, ...],
    check: bool,
    schemas: Path | None,
    require_schemas: bool,
    engine: Callable[[], Engine] | None,
    as_of: date,
    pages: str,
    format_: str,
) -> None:
    """Compile spec/ and environments/ into generated/.

    Nothing is written while anything is an error. What is no longer produced is removed, and nothing else.

    All of it is written or none, whenever it is stopped: what was begun the next compilation finishes, and until then
    --check exits with 2. Of two at once, one waits for the other.
    """
    # A server that was chosen judges each time: what it says today is not in a record.
    whole = not (environments or check or schemas or require_schemas or engine)
    repetition = Repetition(root, as_of) if whole else None
    if repetition and (report := repetition.report(form(format_))):
        click.echo(report, nl=False)
        return
    outcome = compiled(
        root,
        environments,
        writing=not check,
        schemas=schemas,
        require_schemas=require_schemas,
        engine=engine,
        as_of=as_of,
        pages=pages,
    )
    if repetition:
        repetition.keep(outcome)
    show(outcome, format_)
    sys.exit(outcome.exit_code)


@click.command(
    epilog=options.examples("cbp verify", "cbp verify --root ../another-checkout", "cbp verify --format github")
)
@options.root
@options.schemas
@options.require_schemas
@engines.choice
@options.as_of
@options.pages
@options.formats(*FORMATS)
def verify(
    root: Path,
    schemas: Path | None,
    require_schemas: bool,
    engine: Callable[[], Engine] | None,
    as_of: date,
    pages: str,
    format_: str,
) -> None:
    """Check everything that a pull request must satisfy, and write nothing.

    Compiles every environment in memory, judges it by the policies, the schemas of Kubernetes and those of custom
    resources, and compares the result with generated/.
    """
    outcome = compiled(
        root,
        (),
        writing=False,
        schemas=schemas,
        require_schemas=require_schemas,
        engine=engine,
        as_of=as_of,
        pages=pages,
    )
    show(outcome, format_)
    sys.exit(outcome.exit_code)
