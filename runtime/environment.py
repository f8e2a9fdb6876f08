"""Process configuration: addresses and credentials, which no settings file holds, come from environment variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Network = IPv4Network | IPv6Network


class EnvironmentVariableError(Exception):
    """A variable that is missing or wrong; the message names the variable and never shows its value."""

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(f"{variable} {message}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: ``url`` may hold a password, so it is never shown; ``password_file`` wins over it."""

    url: str = field(repr=False)
    password_file: Path | None = None

    def password(self) -> str | None:
        """Return the password in the file as it is now: a rotated one is in use with the next connection."""
        if self.password_file is None:
            return urlsplit(self.url).password
        return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the servers are, and which proxies may name a client.

    ``database_direct`` reaches PostgreSQL without a transaction pooler: migrations need a session of their own.
    """

    database: Address
    database_direct: Address
    redis: Address
    trusted_proxies: tuple[Network, ...]


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return the configuration in ``variables``; raise :class:`EnvironmentVariableError` at the first fault."""
    database = _database(variables, "CBP_DATABASE_URL")
    direct = _database(variables, "CBP_DATABASE_DIRECT_URL") if "CBP_DATABASE_DIRECT_URL" in variables else database
    redis = Address(
        _url(variables, "CBP_REDIS_URL", ("redis", "rediss")), _password_file(variables, "CBP_REDIS_PASSWORD_FILE")
    )
    return Environment(database, direct, redis, _trusted_proxies(variables))


def _database(variables: Mapping[str, str], name: str) -> Address:
    password_file = _password_file(variables, "CBP_DATABASE_PASSWORD_FILE")
    return Address(_url(variables, name, ("postgresql", "postgres")), password_file)


def _url(variables: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    url = variables.get(name)
    if not url:
        raise EnvironmentVariableError(
            name, f"is not set: it holds the address of a server, {schemes[0]}://host:port/..."
        )
    parts = _parsed(name, lambda: urlsplit(url))
    if parts.scheme not in schemes or not parts.hostname:
        raise EnvironmentVariableError(name, f"is not an address of the form {schemes[0]}://host:port/...")
    return url


def _parsed(name: str, split: Callable[[], SplitResult]) -> SplitResult:
    try:
        parts = split()
        _ = parts.port  # reading the port is what checks it
    except ValueError:
        raise EnvironmentVariableError(name, "is not an address: its host or port is malformed") from None
    return parts


def _password_file(variables: Mapping[str, str], name: str) -> Path | None:
    if not (path := variables.get(name)):
        return None
    try:
        Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise EnvironmentVariableError(name, f"names a file that cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise EnvironmentVariableError(name, "names a file that is not UTF-8 text") from None
    return Path(path)


def _trusted_proxies(variables: Mapping[str, str]) -> tuple[Network, ...]:
    name = "CBP_TRUSTED_PROXIES"
    items = (item.strip() for item in variables.get(name, "").split(","))
    try:
        return tuple(ip_network(item) for item in items if item)
    except ValueError as error:
        raise EnvironmentVariableError(name, f"is a list of addresses and networks: {error}") from error
