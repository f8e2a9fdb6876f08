"""Options that several commands share, and the form of their help."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from compiler import completion, project

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.client import Client

_DAY = "%Y-%m-%d"

Command = TypeVar("Command", bound="Callable[..., object]")


def _found(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path:
    """Return the given project, or the one around the current folder."""
    return value or project.find()


root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    callback=_found,
    show_default="the project around the current folder",
    help="The project's folder, which holds spec/, environments/, policies/ and generated/.",
)
environments = click.option(
    "--environment",
    "environments",
    metavar="NAME",
    multiple=True,
    shell_complete=completion.environments,
    help="Only this environment; may be repeated.",
)
base = click.option(
    "--base",
    metavar="REF",
    envvar="CBP_BASE",
    show_envvar=True,
    show_default="HEAD",
    callback=lambda _context, _parameter, value: value or None,
    help="Judge transitions from the generated/ of this commit, or of the newest one that it has in common with the "
    "branch that an environment follows in origin.",
)
api_url = click.option(
    "--url",
    envvar="CBP_API_URL",
    show_envvar=True,
    default="http://127.0.0.1:8080",
    show_default=True,
    help="The address of the API.",
)
token_file = click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="CBP_TOKEN_FILE",
    show_envvar=True,
    help="A file with the token; without it, the token is that of the variable CBP_TOKEN.",
)
as_of = click.option(
    "--as-of",
    metavar="YYYY-MM-DD",
    type=click.DateTime([_DAY]),
    default=lambda: datetime.now(tz=UTC).strftime(_DAY),
    callback=lambda _context, _parameter, value: value.date(),
    envvar="CBP_AS_OF",
    show_envvar=True,
    show_default="today, UTC",
    help="The day for which waivers, support of versions and drills are judged.",
)
port = click.option("--port", type=click.IntRange(1, 65535), help="The port, instead of the one in the settings.")
SCHEMAS = "CBP_SCHEMAS"
"""The environment variable with the folder of the schemas of custom resources."""


def formats(*names: str) -> Callable[[Command], Command]:
    """Return the option for the form of a report, with the first of ``names`` as the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="The form of the report: for people, for programs, or as annotations of a pull request.",
    )


def examples(*lines: str) -> str:
    """Return the examples at the end of a command's help, without wrapping lines."""
    return verbatim("Examples:", *(f"  {line}" for line in lines))


def verbatim(*lines: str) -> str:
    """Return a paragraph of help that is not wrapped."""
    return "\n".join(("\b", *lines))


def client(url: str, token_file: Path | None) -> Client:
    """Return the client of the API at an address, with the token of a file or of the variable CBP_TOKEN."""
    import os

    from compiler.client import connect

    return connect(url, os.environ.get("CBP_TOKEN", "").strip(), token_file)
