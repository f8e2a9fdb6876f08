"""The load balancer is told what the specification says of it."""

from __future__ import annotations

import json

from tests.compiler.project import emitted

APPLICATION = "cbp-application"
INGRESS = f"{APPLICATION}/ingress-configuration-api.yaml"
GATEWAY = "alb.ingress.kubernetes.io/"


def test_the_load_balancer_is_told_everything_that_the_specification_says_of_it() -> None:
    annotations = emitted(INGRESS)["metadata"]["annotations"]
    told = {name.removeprefix(GATEWAY): value for name, value in annotations.items() if name.startswith(GATEWAY)}
    attributes = dict(item.split("=") for item in told.pop("target-group-attributes").split(","))
    assert json.loads(told.pop("listen-ports")) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert told.pop("ssl-policy").startswith("ELBSecurityPolicy-TLS13-")
    assert told == {
        "scheme": "internet-facing",
        "target-type": "ip",
        "ssl-redirect": "443",
        "healthcheck-path": "/health",
        "healthcheck-interval-seconds": "30",
        "healthcheck-timeout-seconds": "5",
        "healthy-threshold-count": "2",
        "unhealthy-threshold-count": "3",
    }
    assert attributes["load_balancing.algorithm.type"] == "round_robin"
    assert attributes["stickiness.enabled"] == "true"


def test_each_switch_of_the_load_balancer_turns_something_off() -> None:
    path = "load_balancing__application__"
    annotations = emitted(
        INGRESS,
        **{
            f"{path}session_stickiness": "false",
            f"{path}ssl_termination": "false",
            f"{path}algorithm": "Least Outstanding Requests",
        },
    )["metadata"]["annotations"]
    assert "stickiness" not in annotations[f"{GATEWAY}target-group-attributes"]
    assert "least_outstanding_requests" in annotations[f"{GATEWAY}target-group-attributes"]
    assert json.loads(annotations[f"{GATEWAY}listen-ports"]) == [{"HTTP": 80}]
    assert f"{GATEWAY}ssl-redirect" not in annotations


def test_the_ingress_serves_the_host_of_the_environment() -> None:
    (rule,) = emitted(INGRESS)["spec"]["rules"]
    assert rule["host"] == "config.bank.example"
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "configuration-api", "port": {"name": "http"}}
