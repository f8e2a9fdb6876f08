"""Clusters ask for the API by the name that clients use, and an answer of anything else is none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from compiler.emit.kubernetes.monitoring.probes import CONTAINER, PATH
from runtime import routes
from tests.certificates import self_signed
from tests.compiler.project import changed, documents, listing, resolved, site
from tests.tls import with_tls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

FOLDER = "cbp-management"
HOST = site().environment.host


def of_probes(at: Site) -> dict[str, Document]:
    return {name: item for name, item in documents(at).items() if item["metadata"]["name"].startswith("probes")}


def question(at: Site) -> dict[str, Any]:
    """Return the endpoint at which Prometheus asks a probe."""
    (endpoint,) = documents(at)[f"{FOLDER}/podmonitor-probes.yaml"]["spec"]["podMetricsEndpoints"]
    return dict(endpoint)


@pytest.mark.parametrize("cluster", ["eu-central-1", "eu-west-1"])
def test_prometheus_asks_for_the_name_as_often_as_the_load_balancer_asks_a_pod(cluster: str) -> None:
    values = {"load_balancing.application.health_check.interval": "15s", "environment.host": "other.bank.example"}
    assert question(site(changed(values), cluster)) == {
        "portNumber": 9115,
        "path": "/probe",
        "params": {"module": ["host"], "target": ["https://other.bank.example/problems"]},
        "interval": "15s",
        # Prometheus gives a scrape ten seconds by default, and the exporter half a second less.
        "scrapeTimeout": "15s",
    }
    clear = site(changed({"load_balancing.application.ssl_termination": "false"}), cluster)
    assert question(clear)["params"]["target"] == [f"http://{HOST}/problems"]


def test_the_path_is_one_that_the_load_balancer_forwards_and_that_the_api_answers_to_everybody() -> None:
    assert PATH == routes.PROBLEMS
    (rule,) = documents(site())["cbp-application/ingress-configuration-api.yaml"]["spec"]["rules"]
    assert PATH in {path["path"] for path in rule["http"]["paths"]}


def test_each_cluster_reaches_the_load_balancers_of_all_and_each_admits_the_probes_of_all() -> None:
    for cluster in ("eu-central-1", "eu-west-1"):
        found = documents(site(cluster=cluster))
        policy = found[f"{FOLDER}/networkpolicy-probes-egress.yaml"]["spec"]["egress"]
        ranges = {peer["ipBlock"]["cidr"] for rule in policy for peer in rule["to"] if "ipBlock" in peer}
        assert ranges == {"10.30.0.0/22", "10.31.0.0/22"}
        told = found["cbp-application/ingress-configuration-api.yaml"]["metadata"]["annotations"]
        admitted = told["alb.ingress.kubernetes.io/inbound-cidrs"].split(",")
        assert {"10.30.16.0/20", "10.31.16.0/20"} <= set(admitted)


@pytest.mark.parametrize(
    "values",
    [
        listing("components.integration_layer.features", "Event bus"),
        listing("network.segmentation.traffic.egress", "Dependencies"),
    ],
)
def test_without_monitors_or_a_place_to_call_from_nothing_asks(values: Any) -> None:
    for at in (site(values), site(resolved()["staging"])):
        assert not of_probes(at)
        assert "HostUnreachable" not in str(documents(at))


def test_a_statement_decides_when_the_name_is_called_unreachable() -> None:
    check = "load_balancing.application.health_check"
    at = site(changed({f"{check}.interval": "10s", f"{check}.unhealthy_threshold": "5", f"{check}.timeout": "4s"}))
    rules = [
        rule
        for group in documents(at)["cbp-application/prometheusrule-configuration-api.yaml"]["spec"]["groups"]
        for rule in group["rules"]
        if rule["alert"] == "HostUnreachable"
    ]
    assert [rule["for"] for rule in rules] == ["50s"]
    assert configuration(at)["modules"]["host"]["timeout"] == "4s"


def configuration(at: Site) -> dict[str, Any]:
    held: dict[str, Any] = orjson.loads(documents(at)[f"{FOLDER}/configmap-probes.yaml"]["data"]["config.json"])
    return held


def test_it_mounts_the_authorities_that_are_stated_and_has_no_rights() -> None:
    found = documents(site())
    spec = found[f"{FOLDER}/deployment-probes.yaml"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], container["name"], pod["automountServiceAccountToken"]) == (2, CONTAINER, False)
    assert container["image"].startswith("registry.bank.example/mirror/prometheus/blackbox-exporter:0.29.1@sha256:")
    assert set(found[f"{FOLDER}/configmap-probes.yaml"]["data"]) == {"config.json"}
    assert "tls_config" not in configuration(site())["modules"]["host"]["http"]


class Balancer(BaseHTTPRequestHandler):
    """A load balancer, with the answer that its server has."""

    protocol_version = "HTTP/1.1"
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == PATH and self.headers["Host"] == HOST else 404)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Keep quiet."""


@contextmanager
def balancer(certificate: tuple[Path, Path], status: int) -> Iterator[int]:
    """Run a load balancer with a certificate, and yield its port."""
    handler = type("Answering", (Balancer,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with with_tls(("127.0.0.1", server.server_port), certificate, asked=False) as shown:
                yield shown.port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def exporter(at: Site, folder: Path) -> Iterator[str]:
    """Run the program on PATH with the emitted arguments and files, and yield its address."""
    program = shutil.which("prometheus-blackbox-exporter") or shutil.which("blackbox_exporter")
    if program is None:
        pytest.skip("not checked: blackbox exporter is not on PATH (docs/edge.md)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = documents(at)
    (container,) = found[f"{FOLDER}/deployment-probes.yaml"]["spec"]["template"]["spec"]["containers"]
    ((mounted,), data) = container["volumeMounts"], found[f"{FOLDER}/configmap-probes.yaml"]["data"]
    for name, text in data.items():
        (folder / name).write_text(text.replace(mounted["mountPath"], str(folder)))
    moved = {mounted["mountPath"]: str(folder), ":9115": f"127.0.0.1:{port}"}
    arguments = container["args"]
    for old, new in moved.items():
        arguments = [argument.replace(old, new) for argument in arguments]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [program, *arguments], stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]}
    ) as process:
        try:
            answers(f"{url}{container['livenessProbe']['httpGet']['path']}")
            yield url
        finally:
            process.terminate()


def answers(url: str) -> None:
    """Wait for a server that is about to start; the bound is for one that does not."""
    for _ in range(400):
        try:
            assert httpx.get(url).status_code == 200
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


def test_blackbox_exporter_itself_takes_the_api_s_answer_alone_for_one(tmp_path: Path) -> None:
    """By the program on PATH, of whichever version; the name leads to this machine, as its record would."""
    ours, others = self_signed(tmp_path, HOST, "ours"), self_signed(tmp_path, "elsewhere.example", "others")
    foreign = self_signed(tmp_path, HOST, "foreign")
    trusted = f"{ours[0].read_text()}{others[0].read_text()}"
    at = site(changed({"environment.host_ca_bundle": trusted}))
    folder = tmp_path / "mounted"
    folder.mkdir()
    with exporter(at, folder) as url:
        for certificate, status, success in (
            (ours, 200, 1),
            (ours, 302, 0),
            (ours, 404, 0),
            (ours, 503, 0),
            (others, 200, 0),
            (foreign, 200, 0),
        ):
            with balancer(certificate, status) as port:
                asked = question(at)
                parameters = {name: value for name, (value,) in asked["params"].items()}
                parameters["target"] = parameters["target"].replace(HOST, f"127.0.0.1:{port}")
                exposed = httpx.get(f"{url}{asked['path']}", params={**parameters, "hostname": HOST}).text
            assert f"\nprobe_success {success}\n" in exposed, (certificate, status)
            if success:
                assert "\nprobe_ssl_earliest_cert_expiry " in exposed
