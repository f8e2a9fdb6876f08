"""Envoy itself accepts every bootstrap that is emitted, and refuses one with a mistake in it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from compiler.emit.envoy.bootstrap import bootstrap
from compiler.emit.site import sites
from tests.compiler.project import ROOT, changed, listing, resolved, site
from tests.envoy.emitted import ENVOY, write

if TYPE_CHECKING:
    from pathlib import Path

FROZEN = {at.folder: at for item in resolved().values() for at in sites(item)}
COMMITTED = {str(file.relative_to(ROOT)): file for file in (ROOT / "generated").glob("*/*/envoy/bootstrap.json")}
OTHERS = {
    "the smallest bucket": {
        "load_management.throttling.limits.burst": "1001 req/min",
        "load_management.throttling.limits.default": "1 req/min",
    },
    "an answer of hours, at a port that clients have elsewhere": {
        "connections.database.timeout": "2 hours",
        "containers.sidecar.proxy.ports.0": "8443",
    },
}
"""Statements that end up in fields which Envoy bounds."""


def validate(file: Path) -> str:
    """Return what Envoy says about a bootstrap."""
    command = (ENVOY, "--mode", "validate", "--config-path", file, "--log-level", "warning")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize("folder", FROZEN)
def test_envoy_accepts_what_is_emitted(folder: str, tmp_path: Path) -> None:
    file = write(bootstrap(FROZEN[folder]), tmp_path)
    assert f"configuration '{file}' OK" in validate(file)


@pytest.mark.parametrize("name", COMMITTED)
def test_envoy_accepts_what_is_committed(name: str, tmp_path: Path) -> None:
    file = write(json.loads(COMMITTED[name].read_text(encoding="utf-8")), tmp_path)
    assert f"configuration '{file}' OK" in validate(file)


@pytest.mark.parametrize("name", OTHERS)
def test_envoy_accepts_what_other_statements_make(name: str, tmp_path: Path) -> None:
    file = write(bootstrap(site(changed(OTHERS[name]))), tmp_path)
    assert f"configuration '{file}' OK" in validate(file)


def test_envoy_accepts_repetitions_without_a_maximum(tmp_path: Path) -> None:
    file = write(bootstrap(site(listing("fault_tolerance.retry_policies.patterns", "Jitter"))), tmp_path)
    assert f"configuration '{file}' OK" in validate(file)


def test_envoy_refuses_a_field_that_it_does_not_know(tmp_path: Path) -> None:
    document = json.loads(json.dumps(bootstrap(site())))
    document["static_resources"]["clusters"][0]["conect_timeout"] = "3s"
    file = write(document, tmp_path)
    assert "conect_timeout" in validate(file)
    assert f"configuration '{file}' OK" not in validate(file)
