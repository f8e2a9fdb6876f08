"""The settings of nodes, in the form of each operating system."""

from __future__ import annotations

import json
import tomllib

import yaml

from tests.compiler.project import artifacts, changed, site

OPTIONS = "containers.application.logging.options"
AZURE = {"environment.clusters.eu-central-1.platform": "azure"}


def test_each_operating_system_is_told_what_is_stated() -> None:
    found = artifacts(site(changed({f"{OPTIONS}.max_size": "50MB", f"{OPTIONS}.max_file": "7"})))
    config = yaml.safe_load(found["node/al2023.yaml"].content)
    assert config["kind"] == "NodeConfig"
    assert config["spec"]["kubelet"]["config"] == {"containerLogMaxSize": "50Mi", "containerLogMaxFiles": 7}
    toml = tomllib.loads(found["node/bottlerocket.toml"].content.decode())
    assert toml["settings"]["kubernetes"] == {"container-log-max-size": "50Mi", "container-log-max-files": 7}


def test_azure_states_decimal_megabytes_rounded_down() -> None:
    found = artifacts(site(changed(AZURE | {f"{OPTIONS}.max_size": "50MB"})))
    assert [path for path in found if path.startswith("node/")] == ["node/kubelet.json"]
    config = json.loads(found["node/kubelet.json"].content)
    assert config == {"containerLogMaxSizeMB": 52, "containerLogMaxFiles": 5}
