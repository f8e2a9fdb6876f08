"""One compilation, from the project's folder to the report on standard output."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from compiler.cli.program import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from compiler.policy.engine import Engine
    from compiler.report.outcome import Outcome

FORMATS = ("text", "json", "github", "markdown", "sarif", "junit")
"""The formats that can be asked for."""
REPEATED = ("text", "colour", "json", "github")
"""The forms of a report that are kept for a compilation with nothing changed, with the text as a terminal shows it."""


def compiled(
    root: Path,
    environments: tuple[str, ...],
    *,
    writing: bool,
    schemas: Path | None = None,
    require_schemas: bool = False,
    engine: Callable[[], Engine] | None = None,
    as_of: date,
    pages: str = "",
) -> Outcome:
    """Compile a project, and write ``generated/`` or compare with it; ``schemas`` holds those of custom resources.

    The policies judge in the ``engine``, or in the embedded one, with the waivers of the day ``as_of``. ``pages`` is
    where the project's files are read, for links.

    Raises:
        CouldNotRunError: there is no project.
        PolicyError, SchemaError, BusyError, JournalError, OSError: see :mod:`compiler.pipeline`.
    """
    from compiler import pipeline
    from compiler.report.outcome import Outcome
    from compiler.schemas.custom import CustomSchemas

    if not (root / "spec").is_dir():
        raise CouldNotRunError(
            f"there is no specification in {root.resolve()}: go to the project's folder, or give --root"
        )
    custom = CustomSchemas(schemas, required=require_schemas)
    with _uncollected():
        compilation = pipeline.compile_project(root, environments, custom, engine, as_of)
        if writing:
            return Outcome(compilation, *pipeline.write(compilation), pages)
        return Outcome(compilation, pipeline.differences(compilation), None, pages)


def show(outcome: Outcome, format_: str, *, brief: bool = False) -> None:
    """Print the report in the form that was asked for; a ``brief`` text has a line for each warning."""
    click.echo(rendered(outcome, form(format_), brief=brief), nl=False)


def form(format_: str) -> str:
    """Return the form that a format takes on this standard output."""
    colour = format_ == "text" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return "colour" if colour else format_


def rendered(outcome: Outcome, form: str, *, brief: bool = False) -> str:
    """Return the report in one of the forms."""
    if form in ("text", "colour"):
        from compiler.report import text

        return text.render(outcome, colour=form == "colour", brief=brief)
    report: str = import_module(f"compiler.report.{form}").render(outcome)
    return report


@contextmanager
def _uncollected() -> Iterator[None]:
    """Compile without looking for cycles: a run is short, makes hardly any, and would spend a tenth of its time so."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
