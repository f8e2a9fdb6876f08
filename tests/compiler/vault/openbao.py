"""A real OpenBao from its wheel, with TLS, in memory; it ends with the test that started it."""

from __future__ import annotations

import secrets
import ssl
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class OpenBao:
    """A server: its address, the token that may do everything, and the certificate of this machine's addresses."""

    address: str
    token: str = field(repr=False)
    folder: Path
    client: httpx.Client = field(repr=False)

    @property
    def authority(self) -> Path:
        """The certificate authority of every server of the tests."""
        return self.folder / "tls/vault-ca.pem"

    @property
    def certificate(self) -> tuple[Path, Path]:
        """The certificate of 127.0.0.1 and localhost, and its key."""
        return self.folder / "tls/vault-cert.pem", self.folder / "tls/vault-key.pem"

    @property
    def environment(self) -> dict[str, str]:
        """What a client of it is told."""
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": self.token, "VAULT_CACERT": str(self.authority)}

    def ask(self, method: str, path: str, token: str | None = None, /, **body: Any) -> httpx.Response:
        """Ask with a token, by default the one that may do everything."""
        headers = {"X-Vault-Token": self.token if token is None else token}
        return self.client.request(method, f"{self.address}/v1/{path}", headers=headers, json=body or None)

    def told(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        """Ask for what has to succeed, and return the data of the answer."""
        answer = self.ask(method, path, **body)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json()["data"] or {}) if answer.content else {}


@contextmanager
def openbao(folder: Path, configuration: str = "") -> Iterator[OpenBao]:
    """Run a server in a folder that exists, with more configuration in HCL."""
    (folder / "tls").mkdir()
    (folder / "server.hcl").write_text(configuration)
    token = secrets.token_urlsafe()
    child, port = on_free_port(partial(_serve, folder, token), free_ports())
    try:
        with _client(folder) as client:
            yield OpenBao(f"https://{LOOPBACK}:{port}", token, folder, client)
    finally:
        child.stop()


def _serve(folder: Path, token: str, port: int) -> Child:
    child = start(
        Program(
            name="OpenBao",
            arguments=(
                str(Path(sysconfig.get_path("scripts")) / "bao"),
                "server",
                "-dev",
                "-dev-no-store-token",
                "-dev-tls",
                f"-dev-tls-cert-dir={folder / 'tls'}",
                f"-dev-listen-address={LOOPBACK}:{port}",
                f"-config={folder / 'server.hcl'}",
            ),
            directory=folder,
            log=folder / "log",
            # It makes its authority before it asks anybody, so that it can trust what the tests serve.
            environment={
                "HOME": str(folder),
                "BAO_DEV_ROOT_TOKEN_ID": token,
                "SSL_CERT_FILE": str(folder / "tls/vault-ca.pem"),
            },
        )
    )
    child.wait_until(partial(_ready, child, folder, token, port), START_SECONDS)
    return child


def _ready(child: Child, folder: Path, token: str, port: int) -> bool:
    if not listens(child.pid, port):
        return False
    try:
        with _client(folder) as client:
            server = OpenBao(f"https://{LOOPBACK}:{port}", token, folder, client)
            return server.ask("GET", "auth/token/lookup-self").is_success
    except httpx.TransportError:
        return False


def _client(folder: Path) -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(cafile=folder / "tls/vault-ca.pem"), timeout=30)
