"""Clients of Vault verify it by the authorities that the environment states; without any, by those of their systems."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from tests.compiler.authority import AUTHORITY
from tests.compiler.project import artifacts, changed, documents, site

if TYPE_CHECKING:
    from typing import Any

    from compiler.emit.site import Site

KEY = "environment.clusters.eu-central-1.vault.ca_bundle"


def clients(at: Site) -> dict[str, dict[str, Any]]:
    """Every connection to Vault, by the file of its object."""
    found = {name: item.get("spec", {}) for name, item in documents(at).items()}
    stores = {name: spec["provider"]["vault"] for name, spec in found.items() if "secretstore-" in name}
    issuers = {name: spec["vault"] for name, spec in found.items() if "issuer-" in name}
    return {**stores, **issuers}


def test_every_client_has_the_stated_authorities() -> None:
    found = clients(site(changed({KEY: AUTHORITY})))
    assert len(found) == 8
    assert {name: b64decode(client["caBundle"]).decode() for name, client in found.items()} == dict.fromkeys(
        found, AUTHORITY
    )


def test_the_command_that_applies_the_plan_has_them_from_the_plan() -> None:
    plan = artifacts(site(changed({KEY: AUTHORITY})))["vault/plan.yaml"].document
    assert plan
    assert plan["caBundle"] == AUTHORITY


def test_without_authorities_nothing_is_said_and_the_page_says_so() -> None:
    assert not any("caBundle" in client for client in clients(site()).values())
    assert "caBundle" not in (artifacts(site())["vault/plan.yaml"].document or {})
    stated = artifacts(site(changed({KEY: AUTHORITY})))["bootstrap.md"].content.decode()
    assert "before the first sync, or no Secret is ever read." in artifacts(site())["bootstrap.md"].content.decode()
    assert "by `vault.ca_bundle`: a new authority stands there" in stated
