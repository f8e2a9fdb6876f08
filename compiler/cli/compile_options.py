"""The options of a compilation and of its report, grouped into one value each."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from compiler.cli import options
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from compiler.history.base import History
    from compiler.policy.engine import Loadable

_Decorator: TypeAlias = "Callable[[Callable[..., None]], Callable[..., None]]"

FORMATS = ("text", "json", "github", "markdown", "sarif", "junit")
"""The formats of a report."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """The project, and the judges besides its own policies: schemas and an OPA server."""

    root: Path
    schemas: Path | None
    require_schemas: bool
    as_of: date
    opa_url: str | None
    opa_token_file: Path | None
    opa_ca: Path | None
    opa_timeout: int | None
    base: str | None
    require_base: bool

    @property
    def engine(self) -> Callable[[], Loadable] | None:
        """The factory of the chosen OPA engine, or None for the embedded engine.

        Raises:
            CouldNotRunError: there are settings for a server, but no URL of one.
        """
        named = {"token_file": self.opa_token_file, "ca_file": self.opa_ca, "timeout_seconds": self.opa_timeout}
        settings: dict[str, Any] = {name: value for name, value in named.items() if value}
        if self.opa_url is None:
            if settings:
                raise CouldNotRunError("there are settings for an OPA server, but --opa-url (CBP_OPA_URL) names none")
            return None
        # Imported here, so that the embedded engine does not load an HTTP library.
        from compiler.policy.opa.config import opa_server
        from compiler.policy.opa.engine import Opa

        return partial(Opa, opa_server(self.opa_url, **settings))

    @property
    def history(self) -> History:
        """The commits that transitions are judged from."""
        from compiler.history.base import History

        return History(self.root, self.base, required=self.require_base)

    @property
    def alone(self) -> bool:
        """Whether only the project's own policies judge it: neither schemas nor a server."""
        return not (self.engine or self.schemas or self.require_schemas)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """The form of a report, its level of detail, and the base URL of its links."""

    format_: str
    all_: bool
    pages: str


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return a URL that is safe in a link of any report; refuse any other."""
    if value and not re.fullmatch(r"https?://[A-Za-z0-9._~:/@%+-]+", value):
        raise click.BadParameter("write http(s)://, a host and a path, without a query")
    return value.rstrip("/")


_COMPILE = (
    options.root,
    click.option(
        "--schemas",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar=options.SCHEMAS,
        show_envvar=True,
        help="The folder with the schemas of custom resources, which cbp schemas add writes.",
    ),
    click.option(
        "--require-schemas",
        is_flag=True,
        envvar="CBP_REQUIRE_SCHEMAS",
        show_envvar=True,
        help="Report a kind without a schema as an error, instead of counting it.",
    ),
    click.option(
        "--opa-url",
        metavar="URL",
        envvar="CBP_OPA_URL",
        show_envvar=True,
        help="Judge on the OPA server at http(s)://HOST:PORT, instead of the embedded engine.",
    ),
    click.option(
        "--opa-token-file",
        type=_FILE,
        envvar="CBP_OPA_TOKEN_FILE",
        show_envvar=True,
        help="The file with the bearer token for the server.",
    ),
    click.option(
        "--opa-ca",
        type=_FILE,
        envvar="CBP_OPA_CA_FILE",
        show_envvar=True,
        help="The CA certificates, in PEM, that verify the server's certificate.",
    ),
    click.option(
        "--opa-timeout",
        metavar="SECONDS",
        type=click.IntRange(1, 600),
        envvar="CBP_OPA_TIMEOUT",
        show_envvar=True,
        help="The time limit of one request to the server.  [default: 10]",
    ),
    options.as_of,
    options.base,
    click.option(
        "--require-base",
        is_flag=True,
        envvar=["CBP_REQUIRE_BASE", "CI"],
        show_envvar=True,
        help="Exit with 2 if there is no base, instead of a note that transitions were not judged.",
    ),
)
_REPORT = (
    options.formats(*FORMATS),
    click.option("--all", "all_", is_flag=True, help="Show everything in full, including known warnings."),
    click.option(
        "--pages",
        metavar="URL",
        default="",
        callback=_address,
        envvar="CBP_PAGES",
        show_envvar=True,
        help="The base URL of the project's files for links in markdown and sarif, as https://HOST/PROJECT/blob/main.",
    ),
)


def _group(name: str, group: type[CompileOptions | ReportOptions], declared: tuple[_Decorator, ...]) -> _Decorator:
    """Return a decorator that adds options to a command, and passes their values to it as one argument."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def called(**given: Any) -> None:
            values = {field.name: given.pop(field.name) for field in fields(group)}
            command(**{name: group(**values)}, **given)

        decorated: Callable[..., None] = called
        for option in reversed(declared):
            decorated = option(decorated)
        return decorated

    return decorate


compiling = _group("compiling", CompileOptions, _COMPILE)
"""The decorator that passes :class:`CompileOptions` to a command as ``compiling``."""
reporting = _group("reporting", ReportOptions, _REPORT)
"""The decorator that passes :class:`ReportOptions` to a command as ``reporting``."""
