"""Process configuration from environment variables: addresses and credentials, which are in no settings file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from runtime.domain.deliveries import Priority, Subscription
from runtime.domain.names import NAMESPACE
from runtime.domain.notifications import Connector
from runtime.settings import Name, NotificationForm, Pattern, Url

if TYPE_CHECKING:
    from collections.abc import Mapping

Network = IPv4Network | IPv6Network
Namespace = Annotated[str, Field(pattern=f"^{NAMESPACE.pattern}$")]
_MOST = 36500


class ForwardedHeader(StrEnum):
    """A header in which proxies name the client: the common one, and that of RFC 7239."""

    X_FORWARDED_FOR = "X-Forwarded-For"
    FORWARDED = "Forwarded"


class EnvironmentVariableError(Exception):
    """Missing or malformed variables; ``faults`` name each of them and contain no secret."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(("the environment variables cannot be used:", *(f"  {fault}" for fault in faults))))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server; ``url`` may hold a password and is never shown; ``password_file`` overrides it.

    ``previous_user`` of a database is the role that has the former password for a while after a rotation.
    """

    url: str = field(repr=False)
    password_file: Path | None = None
    previous_user: str | None = None

    def password(self) -> str | None:
        """Return the current password in the file, so that the next connection uses a rotated one."""
        if self.password_file is None:
            return urlsplit(self.url).password
        return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Sentinels:
    """The hosts and ports of sentinels, and the name by which they know the group of servers with its ``master``."""

    addresses: tuple[tuple[str, int], ...]
    master: str


class Subscriber(BaseModel):
    """A subscriber of the event bus, in the file of ``CBP_SUBSCRIBERS_FILE``; ``url`` takes its events by POST.

    ``keys_file`` holds the keys that sign its deliveries: one, or a new one above the one before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    url: Annotated[Url, Field(repr=False)]
    keys_file: Path
    namespaces: Pattern = "*"
    priority: Priority = Priority.NORMAL

    @property
    def subscription(self) -> Subscription:
        """The events that the subscriber wants to receive, and their priority."""
        return Subscription(self.name, self.namespaces, self.priority)


class SendingConnector(BaseModel):
    """A connector that sends notifications, in the file of ``CBP_CONNECTORS_FILE``; they are kept in ``namespace``.

    ``keys_file`` holds the keys by which they are verified: one, or a new one above the one before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    namespace: Namespace
    form: NotificationForm
    keys_file: Path

    @property
    def connector(self) -> Connector:
        """The connector without its keys."""
        return Connector(self.name, self.namespace, self.form)


@dataclass(frozen=True, slots=True)
class Environment:
    """The addresses of the servers, the networks of the trusted proxies, and the header in which these name clients.

    ``database_direct`` reaches PostgreSQL without a transaction pooler: a session that listens is its own.
    ``database_read`` reaches its standbys; None where there are none to read from.
    ``issuer_authority`` is a file of certificates that are trusted for issuers, besides those of the system.
    ``subscribers`` are those to which the process delivers changes, ``connectors`` those whose notifications it takes.
    With ``sentinels``, these name the server of Redis; the host in ``redis`` is the name that its certificate holds.
    """

    database: Address
    database_direct: Address
    database_read: Address | None
    redis: Address
    trusted_proxies: tuple[Network, ...]
    forwarded_header: ForwardedHeader | None = None
    sentinels: Sentinels | None = None
    issuer_authority: Path | None = None
    subscribers: tuple[Subscriber, ...] = ()
    connectors: tuple[SendingConnector, ...] = ()

    @property
    def secret_files(self) -> Mapping[str, Path]:
        """The files of secrets, by the names that metrics and details about health have for them."""
        found = {"database": self.database.password_file, "cache": self.redis.password_file}
        found |= {f"subscriber-{each.name}": each.keys_file for each in self.subscribers}
        found |= {f"connector-{each.name}": each.keys_file for each in self.connectors}
        return {name: path for name, path in found.items() if path is not None}


@dataclass(frozen=True, slots=True)
class MigrationEnvironment:
    """The address of PostgreSQL for the role that migrates, without a pooler, and the name of the role that serves."""

    database: Address
    serving_role: str


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of Vault's transit engine by which the audit trail is anchored, and the way to it.

    ``token_file`` holds a token of Vault, or, with ``login`` (the auth method's path and the role), that of the pod's
    ServiceAccount. ``authority`` is the certificate authority of the server; None for those that the system trusts.
    """

    address: str
    mount: str
    key: str
    token_file: Path
    authority: Path | None
    login: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class LockedStore:
    """The place in an S3 object store, under Object Lock, for anchors or snapshots, and the way to it.

    ``role`` is the role of Amazon that may write there, and ``identity_url`` is the service that gives its credentials
    for the token in ``token_file``. Each object is locked for ``locked_days``.
    """

    url: str
    region: str
    role: str
    token_file: Path
    identity_url: str
    locked_days: int


_SUBSCRIBERS = TypeAdapter(tuple[Subscriber, ...])
_CONNECTORS = TypeAdapter(tuple[SendingConnector, ...])
_Named = TypeVar("_Named", Subscriber, SendingConnector)


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Return the configuration in ``variables``; raise :class:`EnvironmentVariableError` with every fault."""
    reader = _Reader(variables)
    database = Address(
        reader.url("CBP_DATABASE_URL", ("postgresql", "postgres")),
        reader.text_file("CBP_DATABASE_PASSWORD_FILE"),
        variables.get("CBP_DATABASE_PREVIOUS_USER") or None,
    )
    direct, read = database, None
    if "CBP_DATABASE_DIRECT_URL" in variables:
        direct = replace(database, url=reader.url("CBP_DATABASE_DIRECT_URL", ("postgresql", "postgres")))
    if "CBP_DATABASE_READ_URL" in variables:
        read = replace(database, url=reader.url("CBP_DATABASE_READ_URL", ("postgresql", "postgres")))
    redis = Address(reader.url("CBP_REDIS_URL", ("redis", "rediss")), reader.text_file("CBP_REDIS_PASSWORD_FILE"))
    proxies, header = reader.networks("CBP_TRUSTED_PROXIES"), reader.forwarded_header("CBP_FORWARDED_HEADER")
    sentinels = reader.sentinels("CBP_REDIS_SENTINELS", "CBP_REDIS_MASTER_NAME")
    environment = Environment(
        database,
        direct,
        read,
        redis,
        proxies,
        header,
        sentinels,
        issuer_authority=reader.text_file("CBP_ISSUER_CA_FILE"),
        subscribers=reader.named("CBP_SUBSCRIBERS_FILE", "subscriber", _SUBSCRIBERS),
        connectors=reader.named("CBP_CONNECTORS_FILE", "connector", _CONNECTORS),
    )
    if reader.faults:
        raise EnvironmentVariableError(tuple(reader.faults))
    return environment


def read_migration_environment(variables: Mapping[str, str]) -> MigrationEnvironment:
    """Return the configuration of a migration; raise :class:`EnvironmentVariableError` with every fault."""
    reader = _Reader(variables)
    database = Address(
        reader.url("CBP_DATABASE_MIGRATION_URL", ("postgresql", "postgres")),
        reader.text_file("CBP_DATABASE_MIGRATION_PASSWORD_FILE"),
    )
    environment = MigrationEnvironment(database, reader.role("CBP_DATABASE_SERVING_ROLE"))
    if reader.faults:
        raise EnvironmentVariableError(tuple(reader.faults))
    return environment


def read_signer(variables: Mapping[str, str]) -> Signer:
    """Return the signer of the audit trail; raise :class:`EnvironmentVariableError` with every fault."""
    reader = _Reader(variables)
    address = reader.private_url("CBP_AUDIT_VAULT_URL")
    mount, _, key = variables.get("CBP_AUDIT_VAULT_KEY", "").rpartition("/")
    if not mount or not key:
        reader.faults.append("CBP_AUDIT_VAULT_KEY is not of the form MOUNT/KEY: a key of Vault's transit engine")
    token_file = reader.text_file("CBP_AUDIT_VAULT_TOKEN_FILE")
    if token_file is None:
        reader.faults.append("CBP_AUDIT_VAULT_TOKEN_FILE is not set: a file with a token")
    authority = reader.text_file("CBP_AUDIT_VAULT_AUTHORITY_FILE")
    path, _, role = variables.get("CBP_AUDIT_VAULT_LOGIN", "").rpartition("/")
    if bool(path) != bool(role):
        reader.faults.append("CBP_AUDIT_VAULT_LOGIN is not of the form auth/METHOD/ROLE")
    if reader.faults or token_file is None:
        raise EnvironmentVariableError(tuple(reader.faults))
    return Signer(address, mount, key, token_file, authority, (path, role) if role else None)


def read_locked_store(variables: Mapping[str, str]) -> LockedStore | None:
    """Return the store under Object Lock; None where none is named. Raises :class:`EnvironmentVariableError`."""
    if not variables.get("CBP_LOCKED_STORE_URL"):
        return None
    reader = _Reader(variables)
    url, identity = reader.private_url("CBP_LOCKED_STORE_URL"), reader.private_url("CBP_LOCKED_STORE_IDENTITY_URL")
    region, role = (reader.text(f"CBP_LOCKED_STORE_{name}") for name in ("REGION", "ROLE"))
    days = reader.count("CBP_LOCKED_STORE_LOCKED_DAYS")
    token_file = reader.text_file("CBP_LOCKED_STORE_TOKEN_FILE")
    if token_file is None:
        reader.faults.append("CBP_LOCKED_STORE_TOKEN_FILE is not set: a file with a token of the pod's ServiceAccount")
    if reader.faults or token_file is None:
        raise EnvironmentVariableError(tuple(reader.faults))
    return LockedStore(url, region, role, token_file, identity, days)


class _Reader:
    """A reader of variables that collects their faults; the value it returns for a faulty variable is never used."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[str] = []

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        url = self._variables.get(name, "")
        form = f"{schemes[0]}://host:port/..."
        try:
            parts = urlsplit(url)
            _ = parts.port  # raises ValueError for a malformed port
        except ValueError:
            self.faults.append(f"{name} is not an address: its host or port is malformed")
            return url
        if not url:
            self.faults.append(f"{name} is not set: it holds the address of a server, {form}")
        elif parts.scheme not in schemes or not parts.hostname:
            self.faults.append(f"{name} is not an address of the form {form}")
        return url

    def private_url(self, name: str) -> str:
        """Return an address to which a token may be sent: over TLS, or on this machine."""
        url = self.url(name, ("https", "http"))
        if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            self.faults.append(f"{name} is no safe address for a token: use https://")
        return url

    def text(self, name: str) -> str:
        text = self._variables.get(name, "")
        if not text:
            self.faults.append(f"{name} is not set")
        return text

    def count(self, name: str) -> int:
        text = self._variables.get(name, "")
        if not text.isdecimal() or not 1 <= int(text) <= _MOST:
            self.faults.append(f"{name} is not a whole number from 1 to {_MOST}")
            return 1
        return int(text)

    def text_file(self, name: str) -> Path | None:
        if not (path := self._variables.get(name)):
            return None
        try:
            Path(path).read_text(encoding="utf-8")
        except OSError as error:
            self.faults.append(f"{name} names a file that cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self.faults.append(f"{name} names a file that is not UTF-8 text")
        return Path(path)

    def named(self, name: str, noun: str, form: TypeAdapter[tuple[_Named, ...]]) -> tuple[_Named, ...]:
        """Return the items of a JSON file, none of which has the name of another."""
        before = len(self.faults)
        path = self.text_file(name)
        if path is None or len(self.faults) > before:
            return ()
        try:
            found = form.validate_json(path.read_bytes())
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False, include_input=False):
                place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"])
                self.faults.append(": ".join(filter(None, (f"{name}: {path}", place, each["msg"]))))
            return ()
        names = [each.name for each in found]
        for index, item in enumerate(names):
            if item in names[:index]:
                self.faults.append(f"{name}: {path}: [{index}].name: the {noun} {item} is named twice")
        return found

    def role(self, name: str) -> str:
        role = self._variables.get(name, "")
        if not role:
            self.faults.append(f"{name} is not set: it is the name of the database's role that serves")
        return role

    def forwarded_header(self, name: str) -> ForwardedHeader | None:
        named = self._variables.get(name, "")
        found = next((header for header in ForwardedHeader if header.lower() == named.lower()), None)
        if named and found is None:
            self.faults.append(f"{name} is a header in which proxies name clients: {' or '.join(ForwardedHeader)}")
        return found

    def networks(self, name: str) -> tuple[Network, ...]:
        networks: list[Network] = []
        for item in filter(None, map(str.strip, self._variables.get(name, "").split(","))):
            try:
                networks.append(ip_network(item))
            except ValueError as error:
                self.faults.append(f"{name} is a list of addresses and networks: {error}")
        return tuple(networks)

    def sentinels(self, name: str, master_name: str) -> Sentinels | None:
        addresses, master = self._variables.get(name, ""), self._variables.get(master_name, "")
        if bool(addresses) != bool(master):
            self.faults.append(f"{name} and {master_name} are set together, or neither is")
        sentinels: list[tuple[str, int]] = []
        for item in filter(None, map(str.strip, addresses.split(","))):
            try:
                parts = urlsplit(f"//{item}")
                host, port = parts.hostname, parts.port
            except ValueError:
                host, port = None, None
            if not host or not port or parts.netloc != item:
                self.faults.append(f"{name} is a list of host:port, and {item!r} is not of that form")
            else:
                sentinels.append((host, port))
        return Sentinels(tuple(sentinels), master) if sentinels and master else None
