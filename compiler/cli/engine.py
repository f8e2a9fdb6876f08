"""The options that choose the engine of the policies: the embedded one, or an OPA server that is named."""

from __future__ import annotations

from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from compiler.cli.program import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.policy.engine import Engine

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--opa-url",
        "url",
        metavar="URL",
        envvar="CBP_OPA_URL",
        show_envvar=True,
        help="Judge by the OPA server at http(s)://HOST:PORT, in place of the embedded engine.",
    ),
    click.option(
        "--opa-token-file",
        "token_file",
        type=_FILE,
        envvar="CBP_OPA_TOKEN_FILE",
        show_envvar=True,
        help="The file with the bearer token that the server is asked with.",
    ),
    click.option(
        "--opa-ca",
        "ca_file",
        type=_FILE,
        envvar="CBP_OPA_CA_FILE",
        show_envvar=True,
        help="The certificates, in PEM, by which the server's own is checked.",
    ),
    click.option(
        "--opa-timeout",
        "timeout_seconds",
        metavar="SECONDS",
        type=click.IntRange(1, 600),
        envvar="CBP_OPA_TIMEOUT",
        show_envvar=True,
        help="The longest that one request to the server takes.  [default: 10]",
    ),
)


def choice(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options; it is called with ``engine``: what makes an OPA engine, or None."""

    @wraps(command)
    def chosen(*arguments: Any, url: str | None, **others: Any) -> None:
        asked = {name: others.pop(name) for name in ("token_file", "ca_file", "timeout_seconds")}
        command(*arguments, engine=_engine(url, {name: value for name, value in asked.items() if value}), **others)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen


def _engine(url: str | None, asked: dict[str, Any]) -> Callable[[], Engine] | None:
    """Return the engine that was chosen. A setting for a server that is not named is no choice of another engine."""
    if url is None:
        if asked:
            raise CouldNotRunError("there are settings for an OPA server, but --opa-url (CBP_OPA_URL) names none")
        return None
    # Imported here, so that the embedded engine does not pay for an HTTP library.
    from compiler.policy.opa.config import opa_server
    from compiler.policy.opa.engine import Opa

    return partial(Opa, opa_server(url, **asked))
