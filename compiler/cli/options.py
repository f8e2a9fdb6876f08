"""Define the options that several commands share, and the form of their help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from compiler import completion, project

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")


def _found(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    """Return the project that is named, or the one around the current folder."""
    return value or project.find()


root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    callback=_found,
    show_default="the project around the current folder",
    help="The project: the folder that holds spec/, environments/, policies/ and generated/.",
)
environments = click.option(
    "--environment",
    "environments",
    metavar="NAME",
    multiple=True,
    shell_complete=completion.environments,
    help="Only this environment; may be repeated.",
)
port = click.option("--port", type=click.IntRange(1, 65535), help="The port, in place of the settings' own.")
SCHEMAS = "CBP_SCHEMAS"
"""The variable that names the schemas of custom resources."""


def formats(*names: str) -> Callable[[Command], Command]:
    """Return the option that chooses the form of a report, the first by default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="The form of the report: for people, for programs, or as annotations of a pull request.",
    )


def examples(*lines: str) -> str:
    """Return the end of a command's help, line by line as it is."""
    return verbatim("Examples:", *(f"  {line}" for line in lines))


def verbatim(*lines: str) -> str:
    """Return a paragraph of help that is not wrapped."""
    return "\n".join(("\b", *lines))
