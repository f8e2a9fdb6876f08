"""A server of secrets with everything around it, and the command that applies plans to it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from click.testing import CliRunner

from compiler.cli import main
from compiler.emit.site import sites
from compiler.emit.vault.paths import vault_paths
from tests.compiler.project import artifacts, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compiler.emit.site import Site
    from tests.compiler.vault.neighbours import ApiServer, IdentityProvider
    from tests.compiler.vault.openbao import OpenBao
    from tests.tls import Tls

CANARY = "canary-9f3c-value"
"""A part of every secret: no message may hold it."""
MANAGER_PASSWORD = f"manager's {CANARY} /?#"
SITES = tuple(site for environment in resolved().values() for site in sites(environment))


@dataclass(frozen=True, slots=True)
class Bank:
    """A server of secrets, what it asks, and the plans with the addresses of this machine."""

    server: OpenBao
    api_server: ApiServer
    provider: IdentityProvider
    databases: dict[str, Tls]
    """What is in front of the database of each cluster that serves, by the cluster's folder."""
    folder: Path
    values: dict[str, str] = field(default_factory=dict, repr=False)

    def plan(self, site: Site) -> Path:
        """Write a cluster's plan, as it was compiled but for the addresses of its neighbours; return the file."""
        text = artifacts(site)["vault/plan.yaml"].content.decode()
        vault = site.cluster.vault
        for there, here in (
            (vault.kubernetes_host, self.api_server.url),
            (site.environment.sign_in.issuer, self.provider.issuer),
            *self._database(site),
        ):
            assert there in text
            text = text.replace(there, here)
        file = self.folder / "generated" / site.folder / "vault/plan.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def write_only_values(self, site: Site) -> str:
        """Return the values that are given with a cluster's plan, as YAML."""
        authority = self.server.authority.read_text()
        known = {
            "kubernetes_ca_cert": authority,
            "oidc_client_secret": f"client {CANARY}",
            "password": MANAGER_PASSWORD,
        }
        documents = yaml.safe_load(self.plan(site).read_text())["documents"]
        asked = {item["path"]: {name: known[name] for name in item["writeOnly"]} for item in documents}
        return yaml.safe_dump({path: fields for path, fields in asked.items() if fields})

    def run(self, command: str, plan: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``cbp vault`` against the server, on which the identity provider's key is somebody else's."""
        others = ("--others", "transit") if command == "check" else ()
        return cbp_vault(self.server, command, plan, *others, *arguments, **variables)

    def _database(self, site: Site) -> Iterator[tuple[str, str]]:
        if site.serves:
            yield f"@{site.cluster.vault.database}:5432/", f"@localhost:{self.databases[site.folder].port}/"
            yield vault_paths(site).authority_file, str(self._authority(site))

    def _authority(self, site: Site) -> Path:
        return self.folder / f"{site.environment.name}.pem"

    def certify(self, site: Site) -> None:
        """Have the authority of a cluster sign a certificate for this machine's name, and show it at its database.

        The authority's own is put where the server looks for it, which trusts it for nothing else.
        """
        mount = vault_paths(site).authority
        self._authority(site).write_text(self.server.told("GET", f"{mount}/issuer/root")["certificate"])
        self.server.told("POST", f"{mount}/roles/here", allow_localhost=True, key_type="ec", issuer_ref="root")
        signed = self.server.told("POST", f"{mount}/issue/here", common_name="localhost")
        self.server.told("DELETE", f"{mount}/roles/here")
        certificate, key = (self.folder / f"{site.environment.name}.{ending}" for ending in ("crt", "key"))
        certificate.write_text(signed["certificate"])
        key.write_text(signed["private_key"])
        self.databases[site.folder].show((certificate, key))

    def apply(self, site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Apply a cluster's plan with its values, which have to suffice."""
        done = self.run("apply", self.plan(site), *arguments, CBP_VAULT_VALUES=self.write_only_values(site))
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def cbp_vault(
    server: OpenBao, command: str, plan: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``cbp vault`` in this process and return what it did; whatever it says holds no secret."""
    line = ["vault", command, "--plan", str(plan), *arguments]
    result = CliRunner().invoke(main, line, env={**server.environment, **variables}, catch_exceptions=False)
    assert CANARY not in result.output
    assert server.token not in result.output
    return subprocess.CompletedProcess(line, result.exit_code, result.stdout, result.stderr)
