"""The load balancer is told what the specification says of it."""

from __future__ import annotations

import json

import pytest

from compiler.emit.kubernetes.application.pod import draining, grace
from runtime import routes
from tests.compiler.project import artifacts, changed, documents, emitted, listing, resolved, site

APPLICATION = "cbp-application"
LOAD_BALANCER = "environment__clusters__eu-central-1__addresses__load_balancer__0"
INGRESS = f"{APPLICATION}/ingress-configuration-api.yaml"
GATEWAY = "alb.ingress.kubernetes.io/"
DRAINING = str(draining(site()).seconds)
PROBES = "10.30.16.0/20,10.31.16.0/20"


def test_the_load_balancer_is_told_everything_that_the_specification_says_of_it() -> None:
    annotations = emitted(INGRESS)["metadata"]["annotations"]
    told = {name.removeprefix(GATEWAY): value for name, value in annotations.items() if name.startswith(GATEWAY)}
    attributes = dict(item.split("=") for item in told.pop("target-group-attributes").split(","))
    assert json.loads(told.pop("listen-ports")) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert told.pop("ssl-policy").startswith("ELBSecurityPolicy-TLS13-")
    assert told.pop("load-balancer-attributes").split(",") == [
        "idle_timeout.timeout_seconds=63",
        "routing.http.drop_invalid_header_fields.enabled=true",
    ]
    assert told == {
        "scheme": "internal",
        "target-type": "ip",
        "backend-protocol": "HTTPS",
        "healthcheck-protocol": "HTTPS",
        "inbound-cidrs": f"10.30.128.0/20,10.30.240.0/24,{PROBES}",
        "wafv2-acl-name": "cbp-production-eu-central-1",
        "minimum-load-balancer-capacity": "CapacityUnits=100",
        "ssl-redirect": "443",
        "healthcheck-path": "/health",
        "healthcheck-interval-seconds": "30",
        "healthcheck-timeout-seconds": "5",
        "healthy-threshold-count": "2",
        "unhealthy-threshold-count": "3",
    }
    assert attributes["load_balancing.algorithm.type"] == "round_robin"
    assert attributes["stickiness.enabled"] == "true"
    assert attributes["stickiness.lb_cookie.duration_seconds"] == "300"
    assert attributes["deregistration_delay.timeout_seconds"] == DRAINING


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


def test_clients_reach_the_api_and_what_describes_it_and_nothing_else() -> None:
    """The index is not forwarded: the Application Gateway takes its path for every path."""
    (rule,) = emitted(INGRESS)["spec"]["rules"]
    found = {item["path"]: item["pathType"] for item in rule["http"]["paths"]}
    assert found == {"/v1": "Prefix", routes.PROBLEMS: "Exact", routes.DESCRIPTION: "Exact", routes.PAGE: "Prefix"}
    for path in (*routes.PERMISSIONS, *routes.SIGNED, *(f"GET {path}" for path in routes.DOCUMENTATION)):
        _, _, asked = path.partition(" ")
        under = any(asked == each or asked.startswith(f"{each}/") for each in found)
        assert under or asked == routes.INDEX, asked
    features = ("Starlette framework", "Python implementation", "Middleware stack")
    (rule,) = documents(site(listing("components.api_layer.features", *features)))[INGRESS]["spec"]["rules"]
    assert [item["path"] for item in rule["http"]["paths"]] == ["/v1", routes.PROBLEMS]


def test_the_vpn_comes_through_the_load_balancer_where_it_is_listed_and_nowhere_else() -> None:
    inbound = f"{GATEWAY}inbound-cidrs"
    listed = documents(site(listing("network.segmentation.traffic.ingress", "Load balancer")))
    assert emitted(INGRESS)["metadata"]["annotations"][inbound] == f"10.30.128.0/20,10.30.240.0/24,{PROBES}"
    assert listed[INGRESS]["metadata"]["annotations"][inbound] == f"10.30.128.0/20,{PROBES}"
    assert not any("10.30.240.0/24" in str(item) for item in documents(site()).values() if item["kind"] != "Ingress")


def test_the_load_balancer_is_where_and_behind_what_its_cluster_says() -> None:
    here = "environment.clusters.eu-central-1.balancers"
    subnets = documents(site(listing(f"{here}.subnets", "subnet-0123456789abcdef0", "subnet-0123456789abcdef1")))
    both = "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
    assert subnets[INGRESS]["metadata"]["annotations"][f"{GATEWAY}subnets"] == both
    (service,) = subnets["cbp-data/cluster-configuration-db.yaml"]["spec"]["managed"]["services"]["additional"]
    annotations = service["serviceTemplate"]["metadata"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-subnets"] == both
    acl = "arn:aws:wafv2:eu-central-1:333333333333:regional/webacl/cbp/01234567-89ab-cdef-0123-456789abcdef"
    protected = documents(site(changed({f"{here}.firewall": acl})))[INGRESS]["metadata"]["annotations"]
    assert protected[f"{GATEWAY}wafv2-acl-arn"] == acl
    policy = "/subscriptions/01234567-89ab-cdef-0123-456789abcdef/resourceGroups/cbp/providers/Microsoft.Network/"
    policy += "ApplicationGatewayWebApplicationFirewallPolicies/cbp"
    azure = changed({f"{here}.firewall": policy, "environment.clusters.eu-central-1.platform": "azure"})
    told = documents(site(azure))[INGRESS]["metadata"]["annotations"]
    assert told["appgw.ingress.kubernetes.io/waf-policy-for-path"] == policy


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("s3://bank-logs", ["enabled=true", "bucket=bank-logs"]),
        ("s3://bank-logs/of/production", ["enabled=true", "bucket=bank-logs", "prefix=of/production"]),
    ],
)
def test_the_load_balancer_writes_its_log_where_its_cluster_says(place: str, said: list[str]) -> None:
    at = site(changed({"environment.clusters.eu-central-1.balancers.access_logs": place}))
    attributes = documents(at)[INGRESS]["metadata"]["annotations"][f"{GATEWAY}load-balancer-attributes"].split(",")
    assert [each for each in attributes if "access_logs" in each] == [f"access_logs.s3.{each}" for each in said]
    assert f"it writes to `{place}`" in artifacts(at)["bootstrap.md"].content.decode()
    silent = emitted(INGRESS)["metadata"]["annotations"][f"{GATEWAY}load-balancer-attributes"]
    assert "access_logs" not in silent
    assert "`balancers.access_logs` names no bucket" in artifacts(site())["bootstrap.md"].content.decode()


def test_an_ingress_that_argo_cd_prunes_is_not_held_back_by_its_load_balancer() -> None:
    for environment in resolved().values():
        annotations = documents(site(environment))[INGRESS]["metadata"]["annotations"]
        assert "deletion_protection" not in annotations[f"{GATEWAY}load-balancer-attributes"]


def test_the_ingress_serves_the_host_of_the_environment() -> None:
    (rule,) = emitted(INGRESS)["spec"]["rules"]
    assert rule["host"] == "config.bank.example"
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "configuration-api", "port": {"name": "https"}}


@pytest.mark.parametrize(("addresses", "scheme"), [("10.1.0.0/24", "internal"), ("8.8.8.0/24", "internet-facing")])
def test_the_load_balancer_is_public_only_where_its_addresses_are(addresses: str, scheme: str) -> None:
    annotations = emitted(INGRESS, **{LOAD_BALANCER: addresses})["metadata"]["annotations"]
    assert annotations[f"{GATEWAY}scheme"] == scheme


def test_azure_is_told_the_same_in_its_own_words() -> None:
    ingress = documents(site(changed({"environment.clusters.eu-central-1.platform": "azure"})))[INGRESS]
    prefix = "appgw.ingress.kubernetes.io/"
    annotations = ingress["metadata"]["annotations"]
    assert ingress["spec"]["ingressClassName"] == "azure-application-gateway"
    assert not any(name.startswith(GATEWAY) for name in annotations)
    assert {name.removeprefix(prefix): value for name, value in annotations.items() if name.startswith(prefix)} == {
        "use-private-ip": "true",
        "backend-protocol": "https",
        "backend-hostname": "configuration-api.cbp-application.svc",
        "appgw-trusted-root-certificate": "configuration-api",
        "cookie-based-affinity": "true",
        "connection-draining": "true",
        "connection-draining-timeout": DRAINING,
        "request-timeout": "63",
        "health-probe-path": "/health",
        "health-probe-interval": "30",
        "health-probe-timeout": "5",
        "health-probe-unhealthy-threshold": "3",
        "ssl-redirect": "true",
        "appgw-ssl-certificate": "configuration-api",
    }


@pytest.mark.parametrize("timeout", ["1 second", "30 seconds", "10 minutes"])
@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_each_time_limit_holds_the_one_inside_of_it(timeout: str, cloud: str) -> None:
    """A statement ends before a pod does, that before the load balancer gives up, and that before a pod hangs up."""
    changes = {"connections.database.timeout": timeout, "environment.clusters.eu-central-1.platform": cloud}
    at = site(changed(changes))
    process, database = at.settings.process, at.settings.database
    annotations = documents(at)[INGRESS]["metadata"]["annotations"]
    if cloud == "aws":
        attributes = annotations[f"{GATEWAY}load-balancer-attributes"].split(",")
        (idle,) = (int(item.split("=")[1]) for item in attributes if item.startswith("idle_timeout"))
    else:
        idle = int(annotations["appgw.ingress.kubernetes.io/request-timeout"])
    answer = database.connect_timeout_seconds + database.statement_timeout_seconds
    assert answer <= draining(at).seconds < grace(at).seconds < idle < process.keep_alive_seconds


def test_the_load_balancer_is_there_before_the_pods_that_it_gates() -> None:
    found = documents(site())
    wave = "argocd.argoproj.io/sync-wave"
    deployment = found[f"{APPLICATION}/deployment-configuration-api.yaml"]["metadata"]["annotations"][wave]
    for name in (INGRESS, f"{APPLICATION}/service-configuration-api.yaml"):
        assert int(found[name]["metadata"]["annotations"][wave]) < int(deployment)


def test_the_name_fails_over_to_the_cluster_that_stands_by_where_that_is_promised() -> None:
    """Route 53 answers with a record without a weight once no other one has a healthy target."""
    dns = "external-dns.alpha.kubernetes.io/"
    weights = {}
    for cluster in ("eu-central-1", "eu-west-1"):
        annotations = documents(site(cluster=cluster))[INGRESS]["metadata"]["annotations"]
        assert annotations[f"{dns}set-identifier"] == cluster
        assert annotations[f"{dns}aws-evaluate-target-health"] == "true"
        weights[cluster] = int(annotations[f"{dns}aws-weight"])
    assert weights == {"eu-central-1": 100, "eu-west-1": 0}


def test_no_record_is_made_without_the_promise_or_another_cluster_or_by_a_cloud_that_has_none() -> None:
    azure = changed({"environment.clusters.eu-central-1.platform": "azure"})
    promised = listing("redundancy.application.failover", "State preservation")
    for found in (site(promised), site(resolved()["staging"]), site(azure)):
        annotations = documents(found)[INGRESS]["metadata"]["annotations"]
        assert not [name for name in annotations if name.startswith("external-dns")]
