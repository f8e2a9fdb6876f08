"""The numbers of the proxy follow from the specification, and stand to those of the API and the load balancer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.envoy.bootstrap import bootstrap
from compiler.emit.envoy.clusters import WORKER_REQUESTS
from compiler.emit.envoy.second_line import IPV4_PREFIX, IPV6_PREFIX
from runtime.http.clients import IPV6_PREFIX as CLIENT_PREFIX
from runtime.services.intake import DEFAULT, UNVERIFIED
from tests.compiler.project import artifacts, changed, documents, listing, node, rebound, resolved, site, with_value

if TYPE_CHECKING:
    from compiler.emit.site import Site

PATTERNS = "fault_tolerance.retry_policies.patterns"


def manager(at: Site, listener: int = 0) -> dict[str, Any]:
    """Return what a listener does with HTTP."""
    (chain,) = bootstrap(at)["static_resources"]["listeners"][listener]["filter_chains"]
    found: dict[str, Any] = chain["filters"][0]["typed_config"]
    return found


def api(at: Site) -> dict[str, Any]:
    """Return the server that is the API."""
    found: dict[str, Any] = bootstrap(at)["static_resources"]["clusters"][0]
    return found


def routes(at: Site) -> list[dict[str, Any]]:
    """Return the routes of clients' requests."""
    found: list[dict[str, Any]] = manager(at)["route_config"]["virtual_hosts"][0]["routes"]
    return found


def buckets(at: Site) -> dict[str, tuple[int, int, str]]:
    """Return the buckets of the second line, by the key that finds the client."""
    (limiter, _) = manager(at)["http_filters"]
    descriptors = limiter["typed_config"]["descriptors"]
    return {each["entries"][0]["key"]: tuple(each["token_bucket"].values()) for each in descriptors}


def test_each_time_limit_holds_the_one_inside_of_it() -> None:
    """An answer takes 33 seconds at most, and the load balancer waits for 63; the API keeps connections for 78."""
    (options,) = api(site())["typed_extension_protocol_options"].values()
    assert {each["route"]["timeout"] for each in routes(site())} == {"48s"}
    assert manager(site())["common_http_protocol_options"] == {"idle_timeout": "78s"}
    assert options["common_http_protocol_options"] == {"idle_timeout": "63s"}
    longer = site(changed({"connections.database.timeout": "60 seconds"}))
    assert {each["route"]["timeout"] for each in routes(longer)} == {"78s"}


def test_the_second_line_admits_twice_what_the_api_does() -> None:
    assert buckets(site()) == {"token": (2000, 34, "1s"), "without_token": (2000, 34, "1s")}
    slower = {"load_management.throttling.limits.default": "60 req/min"}
    assert buckets(site(changed(slower)))["token"] == (3880, 2, "1s")


def test_a_client_with_higher_limits_of_its_own_raises_those_of_every_token() -> None:
    """The proxy does not know whose token it is."""
    tree = resolved()["production"].tree
    own = [{"client": "people:alice", "limits": {"default": "3000 req/min", "burst": "9000 req/min"}}]
    found, findings = rebound(with_value(tree, ("environment", "throttling", "clients"), node(own)))
    assert found, findings
    assert buckets(site(found)) == {"token": (12000, 100, "1s"), "without_token": (2000, 34, "1s")}


def test_where_the_api_limits_no_client_neither_does_the_proxy() -> None:
    assert buckets(site(listing("load_management.throttling.scope", "Per endpoint"))).keys() == {"without_token"}


def test_clients_are_told_apart_as_the_api_tells_them_apart() -> None:
    (limiter, _) = manager(site())["http_filters"]
    (_, by_address) = limiter["typed_config"]["rate_limits"]
    assert by_address["actions"][1] == {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
    assert (IPV4_PREFIX, IPV6_PREFIX) == (32, CLIENT_PREFIX)


def test_the_breakers_open_beyond_what_the_workers_of_the_api_take() -> None:
    (threshold,) = api(site())["circuit_breakers"]["thresholds"]
    assert DEFAULT.requests + UNVERIFIED.requests == WORKER_REQUESTS
    most = 2 * WORKER_REQUESTS
    assert [threshold[name] for name in ("max_connections", "max_pending_requests", "max_requests")] == [most] * 3
    assert threshold["retry_budget"] == {"budget_percent": {"value": 20}, "min_retry_concurrency": 10}


def test_reads_alone_are_repeated_as_the_patterns_say() -> None:
    reads, changes = routes(site())
    assert reads["match"]["headers"] == [{"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}]
    assert "retry_policy" not in changes["route"]
    policy = reads["route"]["retry_policy"]
    assert policy["num_retries"] == 2
    assert policy["retry_back_off"] == {"base_interval": "0.100s", "max_interval": "2.000s"}
    (endless, _) = routes(site(listing(PATTERNS, "Jitter")))
    assert endless["route"]["retry_policy"]["num_retries"] == 2**32 - 1
    assert endless["route"]["retry_policy"]["retry_back_off"] == {"base_interval": "0.100s", "max_interval": "0.100s"}


def test_the_api_is_checked_as_the_load_balancer_checks_the_pod() -> None:
    path = "load_balancing.application.health_check"
    (check,) = api(site(changed({f"{path}.timeout": "4s", f"{path}.interval": "20s"})))["health_checks"]
    assert check["http_health_check"] == {"path": "/health"}
    assert (check["timeout"], check["interval"], check["no_traffic_healthy_interval"]) == ("4s", "20s", "20s")
    assert (check["healthy_threshold"], check["unhealthy_threshold"]) == (2, 3)
    assert check["unhealthy_interval"] == check["no_traffic_interval"] == "1s"


@pytest.mark.parametrize(
    ("stated", "https", "admin"), [("9901", 8443, 9902), ("8443", 8444, 9902), ("9902", 8443, 9903)]
)
def test_no_two_listeners_of_the_pod_have_one_port(stated: str, https: int, admin: int) -> None:
    document = bootstrap(site(changed({"containers.sidecar.proxy.ports.0": stated})))
    ports = [each["address"]["socket_address"]["port_value"] for each in document["static_resources"]["listeners"]]
    assert ports == [https, int(stated)]
    assert document["admin"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": admin}


def test_the_pod_has_the_very_files() -> None:
    files, config_map = artifacts(site()), "cbp-application/configmap-configuration-api-proxy.yaml"
    held = documents(site())[config_map]["data"]
    assert held == {name: files[f"envoy/{name}"].content.decode() for name in ("bootstrap.json", "server.json")}
    assert json.loads(held["bootstrap.json"]) == bootstrap(site())


def test_the_sidecar_starts_before_the_api_and_stops_after_it() -> None:
    pod = documents(site())["cbp-application/deployment-configuration-api.yaml"]["spec"]["template"]["spec"]
    (proxy,), (container,) = pod["initContainers"], pod["containers"]
    assert proxy["restartPolicy"] == "Always"
    assert proxy["lifecycle"] == container["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    assert proxy["image"].endswith(f"/envoy:1.40.0@sha256:{'d' * 64}")
    assert proxy["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "https", "scheme": "HTTPS"}
    assert {item["name"]: item["containerPort"] for item in proxy["ports"]} == {"https": 8443, "statistics-0": 9901}


def test_the_certificate_of_the_pods_is_signed_in_their_own_zone() -> None:
    found = documents(site())
    certificate = found["cbp-application/certificate-configuration-api-server.yaml"]["spec"]
    issuer = found["cbp-application/issuer-configuration-api-server.yaml"]["spec"]["vault"]
    assert certificate["dnsNames"] == ["configuration-api.cbp-application.svc"]
    assert issuer["auth"]["kubernetes"]["role"] == "configuration-api-certificates"
    granted = [
        item["data"]["policy"]
        for item in artifacts(site())["vault/plan.yaml"].document["documents"]  # type: ignore[index]
        if item["path"].endswith("-configuration-api-certificates") and "policy" in item["data"]
    ]
    (policy,) = granted
    signing = [line for line in policy.splitlines() if line.startswith('path "pki-')]
    assert signing == ['path "pki-production-eu-central-1/sign/configuration-api-server" {']
