"""What the commands share: their options, and the form of their help."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from compiler import completion

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., object]")

root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default="the current folder",
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
_SCHEMAS = "CBP_SCHEMAS"
schemas = click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar=_SCHEMAS,
    show_envvar=True,
    help="The schemas of custom resources: a folder that cbp schemas add writes.",
)
require_schemas = click.option(
    "--require-schemas",
    is_flag=True,
    envvar="CBP_REQUIRE_SCHEMAS",
    show_envvar=True,
    help="Take a kind without a schema for an error, in place of listing it.",
)
_DAY = "%Y-%m-%d"
as_of = click.option(
    "--as-of",
    "as_of",
    metavar="YYYY-MM-DD",
    type=click.DateTime([_DAY]),
    default=lambda: datetime.now(tz=UTC).strftime(_DAY),
    callback=lambda _context, _parameter, value: value.date(),
    envvar="CBP_AS_OF",
    show_envvar=True,
    show_default="today, UTC",
    help="The day on which waivers are judged.",
)


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Take an address that can stand in a link of any report."""
    if value and not re.fullmatch(r"https?://[A-Za-z0-9._~:/@%+-]+", value):
        raise click.BadParameter("write http(s)://, a host and a path, without a query")
    return value.rstrip("/")


pages = click.option(
    "--pages",
    metavar="URL",
    default="",
    callback=_address,
    envvar="CBP_PAGES",
    show_envvar=True,
    help="Where the project's files are read, as https://HOST/PROJECT/blob/main: markdown and sarif then link to them.",
)
schemas_written = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    envvar=_SCHEMAS,
    show_envvar=True,
    help="The folder to write to, which --schemas of cbp compile and cbp verify then names.",
)


def formats(*names: str) -> Callable[[_Command], _Command]:
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
