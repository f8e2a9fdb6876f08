"""Nodes are measured where their platform does not, by pods that may do nothing else."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time

import httpx
import pytest

from compiler.emit.argocd import argocd
from compiler.emit.kubernetes.monitoring.node_metrics import COLLECTORS
from tests.compiler.project import changed, documents, emitted, listing, resolved, site

FOLDER = "cbp-management"
EXPORTER = f"{FOLDER}/daemonset-node-metrics.yaml"


def test_node_exporter_runs_on_every_node_and_measures_what_a_container_sees_of_it() -> None:
    pod = emitted(EXPORTER, containers__sidecar__metrics__ports__0="9111")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"].startswith("registry.bank.example/mirror/prometheus/node-exporter:1.10.2@sha256:")
    first, second, *collectors = container["args"]
    assert (first, second) == ("--web.listen-address=:9111", "--collector.disable-defaults")
    assert collectors == [f"--collector.{name}" for name in COLLECTORS]
    assert [port["containerPort"] for port in container["ports"]] == [9111]
    assert container["livenessProbe"]["httpGet"]["port"] == 9111
    assert pod["tolerations"] == [{"operator": "Exists"}]


def test_node_exporter_itself_starts_so_and_every_collector_succeeds() -> None:
    """By the program on PATH, of whichever version: Debian's, as .ci/run unpacks it."""
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        pytest.skip("not checked: node-exporter is not on PATH (docs/nodes.md)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    pod = emitted(EXPORTER, containers__sidecar__metrics__ports__0=port)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    command = [program, *container["args"]]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]}, text=True) as process:
        try:
            assert process.stderr
            exposed = asked(f"http://127.0.0.1:{port}/metrics")
            answer = asked(f"http://127.0.0.1:{port}{container['livenessProbe']['httpGet']['path']}")
        finally:
            process.terminate()
    outcomes = dict(re.findall(r'^node_scrape_collector_success{collector="(\w+)"} (\d)$', exposed, re.MULTILINE))
    assert outcomes == dict.fromkeys(COLLECTORS, "1")
    assert "Node Exporter" in answer


def asked(url: str) -> str:
    """Return the answer of a server that is about to start; the bound is for one that does not."""
    for _ in range(200):
        try:
            return httpx.get(url).text
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def test_it_has_nothing_of_its_node_and_opens_no_connection() -> None:
    found = documents(site())
    pod = found[EXPORTER]["spec"]["template"]["spec"]
    assert pod["volumes"] == []
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["automountServiceAccountToken"] is False
    labels = found["cluster/namespace-cbp-management.yaml"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert f"{FOLDER}/networkpolicy-node-metrics-egress.yaml" not in found
    (rule,) = found[f"{FOLDER}/networkpolicy-node-metrics-ingress.yaml"]["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 9100}]
    (monitor,) = found[f"{FOLDER}/podmonitor-node-metrics.yaml"]["spec"]["podMetricsEndpoints"]
    assert monitor["portNumber"] == 9100


def test_a_platform_that_measures_its_nodes_gets_none_and_neither_does_one_that_nobody_may_ask() -> None:
    brought = changed({"environment.clusters.eu-central-1.node_metrics": "true"})
    silent = listing("network.segmentation.traffic.egress", "Dependencies")
    for at in (site(brought), site(silent), site(resolved()["staging"])):
        assert not [name for name in documents(at) if "node-metrics" in name]


def test_argo_cd_may_create_a_daemon_set_only_where_there_is_one() -> None:
    for name, may in (("production", True), ("staging", False)):
        (project,) = (
            artifact.document
            for artifact in argocd(resolved()[name], {})
            if artifact.path == f"argocd/{name}/appproject.yaml"
        )
        assert project
        kinds = {item["kind"] for item in project["spec"]["namespaceResourceWhitelist"]}
        assert ("DaemonSet" in kinds) == may
        assert "Deployment" in kinds
