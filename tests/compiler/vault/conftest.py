"""One OpenBao with its neighbours for a module, and every compiled plan applied to it by the command."""

from __future__ import annotations

import base64
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from compiler.emit.kubernetes.database.roles import KEEP_PASSWORD, POST_INIT_SQL, ROTATED
from compiler.emit.names import DATABASE_MANAGER, DATABASE_OWNER, DATABASE_PREVIOUS
from tests.compiler.project import artifacts
from tests.compiler.vault.bank import MANAGER_PASSWORD, SITES, Bank
from tests.compiler.vault.neighbours import ApiServer, IdentityProvider, serving
from tests.compiler.vault.openbao import OpenBao, openbao
from tests.conftest import administer
from tests.tls import with_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runtime.embedded.postgres import PostgresServer


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Bank]:
    """The server, with the audit stanza that was compiled; the database has the roles that the cluster's has."""
    folder = tmp_path_factory.mktemp("openbao")
    stanza = artifacts(SITES[0])["vault/audit.hcl"].content.decode().replace("/openbao/audit", str(folder))
    database = urlsplit(postgres.admin_url)
    with ExitStack() as stack:
        server = stack.enter_context(openbao(folder, stanza))
        api_servers = {site.folder: ApiServer(site.cluster.vault.kubernetes_audience) for site in SITES}
        for api_server in api_servers.values():
            stack.enter_context(serving(api_server, server.certificate))
        provider = _provider(server)
        stack.enter_context(serving(provider, server.certificate))
        address = database.hostname or "", database.port or 0
        databases = {
            site.folder: stack.enter_context(with_tls(address, server.certificate)) for site in SITES if site.serves
        }
        stack.enter_context(_roles(postgres))
        yield Bank(server, api_servers, provider, databases, folder)


@pytest.fixture(scope="module")
def applied(bank: Bank) -> Bank:
    """The server after every plan of every environment and cluster was applied to it.

    In two steps, as docs/vault.md has them: a database has a certificate as soon as there is an authority.
    """
    for site in SITES:
        if site.serves:
            bank.apply(site, "--without", "database")
            bank.certify(site)
        bank.apply(site)
    return bank


def _provider(server: OpenBao) -> IdentityProvider:
    """The identity provider's key is one of the server's own: nothing else here can sign."""
    server.told("POST", "sys/mounts/transit", type="transit")
    server.told("POST", "transit/keys/idp", type="rsa-2048")
    key: Mapping[str, Any] = server.told("GET", "transit/keys/idp")["keys"]["1"]
    encoded = base64.b64decode("".join(key["public_key"].splitlines()[1:-1]))

    def sign(text: str) -> bytes:
        content = base64.b64encode(text.encode()).decode()
        answer = server.told(
            "POST", "transit/sign/idp", input=content, signature_algorithm="pkcs1v15", hash_algorithm="sha2-256"
        )
        return base64.b64decode(answer["signature"].removeprefix("vault:v1:"))

    # RFC 8017, A.1.1: the modulus of 2048 bits, and then five bytes for the exponent 65537.
    return IdentityProvider(sign, encoded[-261:-5])


@contextmanager
def _roles(postgres: PostgresServer) -> Iterator[None]:
    """The roles of a new server, of which the managing one may change two passwords and nothing else."""
    password = MANAGER_PASSWORD.replace("'", "''")
    administer(postgres, f"CREATE ROLE {DATABASE_OWNER}")
    for statement in POST_INIT_SQL:
        administer(postgres, statement)
    administer(postgres, f"ALTER ROLE {DATABASE_MANAGER} PASSWORD '{password}'")
    yield
    administer(postgres, f"DROP FUNCTION {KEEP_PASSWORD}")
    for role in (DATABASE_MANAGER, DATABASE_PREVIOUS, *ROTATED, DATABASE_OWNER):
        administer(postgres, f"DROP ROLE {role}")
