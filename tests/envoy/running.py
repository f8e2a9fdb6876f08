"""A running Envoy with the emitted configuration of a cluster, in front of a server at a port of the test."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from compiler.emit.envoy.bootstrap import bootstrap
from tests.envoy.emitted import ENVOY, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from compiler.emit.site import Site
    from tests.runtime.forwarder import Forwarder

LOOPBACK = "127.0.0.1"
READY_SECONDS = 60.0
NARROW_REQUESTS = 3
NARROW_TIMEOUT = "0.3s"
IMPATIENT = "/v1/namespaces/impatient/"
"""The numbers of the narrow listener, whose limits a test reaches at once; below this path it waits for that long."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running Envoy. Its administration is a socket in the file system, so that no port of it is guessed."""

    process: subprocess.Popen[bytes]
    folder: Path
    ports: dict[str, int]
    """The ports of the listeners, by their names."""

    def url(self, listener: str = "clients") -> str:
        """Return the address of a listener."""
        return f"{'http' if listener.startswith('statistics') else 'https'}://{LOOPBACK}:{self.ports[listener]}"

    def statistics(self) -> dict[str, int]:
        """Return the counters and gauges by their names."""
        return _numbers(self.folder)


def asked(folder: Path, path: str) -> Any:
    """Return the answer of the administration, which is JSON."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(folder / "admin"))) as client:
        return client.get(f"http://admin{path}").raise_for_status().json()


def _numbers(folder: Path) -> dict[str, int]:
    return {item["name"]: item["value"] for item in asked(folder, "/stats?format=json")["stats"] if "value" in item}


@asynccontextmanager
async def proxying(site: Site, folder: Path, way: Forwarder) -> AsyncIterator[Proxy]:
    """Start Envoy, as a cluster's proxy, before the server that ``way`` leads to, and yield it when it serves.

    The way is open once Envoy has asked in vain, as for the API of a pod that starts. A listener more, ``narrow``, is
    the one of clients with small numbers in the place of the emitted ones.
    """
    await way.cut()
    file = write(configuration(site, folder, way.port), folder)
    command = (ENVOY, "--config-path", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        await _until(process, folder, {"cluster.api.health_check.failure": 1, "cluster.narrow.health_check.failure": 1})
        await way.open()
        await _until(process, folder, {"cluster.api.membership_healthy": 1, "cluster.narrow.membership_healthy": 1})
        statuses = asked(folder, "/listeners?format=json")["listener_statuses"]
        ports = {each["name"]: each["local_address"]["socket_address"]["port_value"] for each in statuses}
        yield Proxy(process, folder, ports)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def configuration(site: Site, folder: Path, port: int) -> dict[str, Any]:
    """Return the emitted bootstrap for a server at another port, with listeners at ports that the kernel chooses."""
    document: dict[str, Any] = json.loads(json.dumps(bootstrap(site)))
    resources, pipe = document["static_resources"], {"pipe": {"path": str(folder / "admin")}}
    api, admin = resources["clusters"]
    _end(api)["address"]["socket_address"]["port_value"] = port
    document["admin"]["address"] = _end(admin)["address"] = pipe
    resources["listeners"].append(_narrow(deepcopy(resources["listeners"][0])))
    resources["clusters"].append(_narrow_server(deepcopy(api)))
    for listener in resources["listeners"]:
        listener["address"]["socket_address"] = {"address": LOOPBACK, "port_value": 0}
    return document


def _end(cluster: dict[str, Any]) -> dict[str, Any]:
    (group,) = cluster["load_assignment"]["endpoints"]
    found: dict[str, Any] = group["lb_endpoints"][0]["endpoint"]
    return found


def _narrow(listener: dict[str, Any]) -> dict[str, Any]:
    listener["name"] = "narrow"
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    manager["stat_prefix"] = "narrow"
    limiter = manager["http_filters"][0]["typed_config"]
    limiter["stat_prefix"] = "narrow"
    for descriptor in limiter["descriptors"]:
        descriptor["token_bucket"] = {"max_tokens": NARROW_REQUESTS, "tokens_per_fill": 1, "fill_interval": "3600s"}
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    for route in routes:
        route["route"]["cluster"] = "narrow"
    routes.insert(0, {"match": {"prefix": IMPATIENT}, "route": {"cluster": "narrow", "timeout": NARROW_TIMEOUT}})
    return listener


def _narrow_server(cluster: dict[str, Any]) -> dict[str, Any]:
    cluster["name"] = cluster["load_assignment"]["cluster_name"] = "narrow"
    cluster["circuit_breakers"]["thresholds"][0] |= {"max_connections": 1, "max_pending_requests": 1, "max_requests": 1}
    return cluster


async def _until(process: subprocess.Popen[bytes], folder: Path, least: Mapping[str, int]) -> None:
    """Wait until counters have reached values; fail with the log of an Envoy that ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = _numbers(folder) if _listens(folder) else {}
        if all(found.get(name, 0) >= value for name, value in least.items()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError((folder / "envoy.log").read_text(encoding="utf-8"))


def _listens(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(folder / "admin")) == 0
