"""A server of secrets with everything around it, and the command that applies plans to it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from compiler.emit.cluster import sites
from tests.compiler.project import artifacts, resolved

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from tests.compiler.vault.neighbours import ApiServer, IdentityProvider
    from tests.compiler.vault.openbao import OpenBao

CBP = Path(sysconfig.get_path("scripts")) / "cbp"
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
    database_port: int
    folder: Path
    values: dict[str, str] = field(default_factory=dict, repr=False)

    def plan(self, site: Site) -> Path:
        """Write a cluster's plan, as it was compiled but for the addresses of its neighbours; return the file."""
        text = artifacts(site)["vault/plan.yaml"].content.decode()
        vault = site.cluster.vault
        for there, here in (
            (vault.kubernetes_host, self.api_server.url),
            (site.environment.sign_in.issuer, self.provider.issuer),
            (f"@{vault.database}:5432/", f"@localhost:{self.database_port}/"),
        ):
            assert there in text or not site.serves
            text = text.replace(there, here)
        file = self.folder / f"{site.environment.name}-{site.name}.yaml"
        file.write_text(text)
        return file

    def given(self, site: Site) -> str:
        """Return the values that are given with a cluster's plan, as YAML."""
        authority = self.server.authority.read_text()
        known = {
            "kubernetes_ca_cert": authority,
            "tls_ca": authority,
            "oidc_client_secret": f"client {CANARY}",
            "password": MANAGER_PASSWORD,
        }
        documents = yaml.safe_load(self.plan(site).read_text())["documents"]
        asked = {item["path"]: {name: known[name] for name in item["writeOnly"]} for item in documents}
        return yaml.safe_dump({path: fields for path, fields in asked.items() if fields})

    def run(self, command: str, plan: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``cbp vault`` against the server."""
        return cbp_vault(self.server, command, plan, *arguments, **variables)

    def apply(self, site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Apply a cluster's plan with its values, which have to suffice."""
        done = self.run("apply", self.plan(site), *arguments, CBP_VAULT_VALUES=self.given(site))
        assert done.returncode == 0, done.stdout + done.stderr
        return done


def cbp_vault(
    server: OpenBao, command: str, plan: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``cbp vault`` and return what it did; whatever it says holds no secret."""
    done = subprocess.run(
        [str(CBP), "vault", command, "--plan", str(plan), *arguments],
        env={"PATH": os.environ["PATH"], **server.environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert CANARY not in done.stdout + done.stderr
    assert server.token not in done.stdout + done.stderr
    return done
