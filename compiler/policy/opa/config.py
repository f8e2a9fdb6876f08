"""The settings of an OPA server, validated before any request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from pathlib import Path

PORT = 8181
"""The port of a URL without one: OPA's default."""
TIMEOUT_SECONDS = 10
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""A bearer token (RFC 6750, section 2.1)."""


@dataclass(frozen=True, slots=True)
class OpaServer:
    """The settings of one OPA server."""

    secure: bool
    """Whether to connect over TLS."""
    host: str
    port: int
    token_file: Path | None
    """The file with the bearer token; None sends no token."""
    ca_file: Path | None
    """The CA certificates that verify the server; None uses those of the package ``certifi``."""
    timeout_seconds: float
    """The time limit of one request in total."""

    @property
    def address(self) -> str:
        """The server's name in messages."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"


def opa_server(
    url: str,
    token_file: Path | None = None,
    ca_file: Path | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> OpaServer:
    """Return the server of a URL, ``http://host:port`` or ``https://host:port``, without a path.

    Raises:
        PolicyError: the URL has another form, or a token would cross a network without TLS. The message does not
            repeat the URL, which may contain a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        host, port = None, 0
    if not host or not port or parts.scheme not in ("http", "https") or not _is_host_and_port(parts.netloc, url):
        raise PolicyError("the URL of an OPA server is http:// or https://, a host and a port, and nothing else")
    secure = parts.scheme == "https"
    if token_file and not secure and host not in _LOOPBACK:
        raise PolicyError("a token is sent to an OPA server on this machine, or over https://")
    if ca_file and not secure:
        raise PolicyError("a CA file is for an OPA server that is asked over https://")
    name = f"[{host}]" if ":" in host else host
    return OpaServer(secure, name, port, token_file, ca_file, timeout_seconds)


def token(file: Path) -> str:
    """Return the bearer token in a file, which may end with a line break.

    Raises:
        PolicyError: the file cannot be read, or is not a bearer token.
    """
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text in ASCII"
        raise PolicyError(f"{file}: the token cannot be read: {said}") from None
    if not _TOKEN.fullmatch(text):
        raise PolicyError(f"{file}: this is no bearer token: letters, digits and -._~+/ alone")
    return text


def _is_host_and_port(netloc: str, url: str) -> bool:
    """Return whether a URL has no user, no path and no query."""
    return "@" not in netloc and url.partition("//")[2].removesuffix("/") == netloc
