"""The firewall before the load balancer, and what both are ready for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from compiler.emit.kubernetes.edge.loads import MOST_REQUESTS, capacity_units, requests_of_an_address
from compiler.emit.kubernetes.edge.web_acl import GROUPS
from compiler.model.network import Waf
from runtime.settings import Route
from tests.compiler.project import changed, documents, emitted, listing, site

if TYPE_CHECKING:
    from collections.abc import Mapping

ACL = "cbp-public/webacl-configuration-api.yaml"
INGRESS = "cbp-application/ingress-configuration-api.yaml"
HERE = "environment.clusters.eu-central-1"
ARN = "arn:aws:wafv2:eu-central-1:333333333333:regional/webacl/cbp/01234567-89ab-cdef-0123-456789abcdef"


def told(**changes: str) -> dict[str, str]:
    annotations = emitted(INGRESS, **changes)["metadata"]["annotations"]
    prefix = "alb.ingress.kubernetes.io/"
    return {name.removeprefix(prefix): value for name, value in annotations.items() if name.startswith(prefix)}


def groups(acl: Mapping[str, Any]) -> list[str]:
    statements = [rule["statement"].get("managedRuleGroupStatement") for rule in acl["spec"]["rules"]]
    return [statement["name"] for statement in statements if statement]


@pytest.mark.parametrize("word", GROUPS)
def test_each_word_selects_its_groups_all_of_which_refuse(word: str) -> None:
    acl = emitted(ACL, network__protection__waf__rules=word)
    assert groups(acl) == list(GROUPS[word])
    assert all(rule["overrideAction"] == {"none": {}} for rule in acl["spec"]["rules"][1:])
    assert acl["spec"]["defaultAction"] == {"allow": {}}


def test_there_are_groups_for_every_word_that_can_be_written_and_each_selects_others() -> None:
    assert GROUPS.keys() == {*get_args(Waf.model_fields["rules"].annotation)}
    assert len({*map(frozenset, GROUPS.values())}) == len(GROUPS)


def test_a_large_entry_is_counted_and_let_pass() -> None:
    common = emitted(ACL)["spec"]["rules"][1]["statement"]["managedRuleGroupStatement"]
    counted = {item["name"] for item in common["ruleActionOverrides"] if item["actionToUse"] == {"count": {}}}
    assert "SizeRestrictions_BODY" in counted
    assert len(counted) == len(common["ruleActionOverrides"])


def test_an_address_is_refused_for_a_minute_above_twice_what_the_api_admits_of_it() -> None:
    flood = emitted(ACL)["spec"]["rules"][0]
    # 2,000 a minute without a token, and 2,000 of one client.
    assert flood["statement"]["rateBasedStatement"] == {
        "limit": 8000,
        "evaluationWindowSec": 60,
        "aggregateKeyType": "IP",
    }
    assert flood["action"]["block"]["customResponse"] == {
        "responseCode": 429,
        "responseHeaders": [{"name": "Retry-After", "value": "60"}],
    }


@pytest.mark.parametrize(
    ("changes", "requests"),
    [
        ({"load_management.throttling.limits.burst": "3000 req/min"}, 12_000),
        ({"environment.throttling.clients_of_an_address": "10"}, 2 * (2000 + 10 * 2000)),
        ({"environment.throttling.clients_of_an_address": "999999999"}, MOST_REQUESTS),
    ],
)
def test_the_limit_follows_from_the_api_and_from_the_clients_behind_an_address(
    changes: dict[str, str], requests: int
) -> None:
    assert requests_of_an_address(site(changed(changes))) == requests


def test_where_routes_alone_are_limited_a_client_may_use_all_of_them() -> None:
    routes = listing("load_management.throttling.scope", "Per endpoint")
    assert requests_of_an_address(site(routes)) == 2 * (2000 + 2000 * len(get_args(Route)))


def test_the_load_balancer_of_each_cluster_names_the_acl_of_its_own_cluster() -> None:
    for cluster in ("eu-central-1", "eu-west-1"):
        found = documents(site(cluster=cluster))
        annotations = found[INGRESS]["metadata"]["annotations"]
        assert annotations["alb.ingress.kubernetes.io/wafv2-acl-name"] == found[ACL]["spec"]["name"]
        assert found[ACL]["spec"]["name"] == f"cbp-production-{cluster}"


def test_the_acl_is_there_before_the_load_balancer_that_names_it() -> None:
    waves = [emitted(name)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] for name in (ACL, INGRESS)]
    assert int(waves[0]) < int(waves[1])


def test_an_acl_of_others_takes_the_place_of_the_rendered_one() -> None:
    own = documents(site(changed({f"{HERE}.balancers.firewall": ARN})))
    assert ACL not in own
    annotations = own[INGRESS]["metadata"]["annotations"]
    assert annotations["alb.ingress.kubernetes.io/wafv2-acl-arn"] == ARN
    assert "alb.ingress.kubernetes.io/wafv2-acl-name" not in annotations


def test_each_switch_takes_its_part_away_and_the_last_one_the_association() -> None:
    waf, ddos = "network.protection.waf.enabled", "network.protection.ddos.enabled"
    limited = documents(site(changed({waf: "false"})))[ACL]
    assert [rule["name"] for rule in limited["spec"]["rules"]] == ["flood"]
    inspected = documents(site(changed({ddos: "false"})))[ACL]
    assert [rule["name"] for rule in inspected["spec"]["rules"]] == groups(inspected)
    neither = documents(site(changed({waf: "false", ddos: "false"})))
    assert ACL not in neither
    assert neither[INGRESS]["metadata"]["annotations"]["alb.ingress.kubernetes.io/wafv2-acl-arn"] == "none"


def test_the_balancer_scales_from_a_reserved_capacity_or_takes_the_reservation_back() -> None:
    capacity = "minimum-load-balancer-capacity"
    assert told()[capacity] == "CapacityUnits=100"
    assert told(network__protection__ddos__auto_scale="false")[capacity] == "CapacityUnits=0"
    assert told(network__protection__ddos__enabled="false")[capacity] == "CapacityUnits=0"


def test_the_reserved_capacity_takes_a_burst_at_full_scale_without_one_zone() -> None:
    path = "auto_scaling.application.triggers.requests.target"
    # 8 pods x 60,000 a minute, twice that in a burst: 16,000 connections a second, 25 a unit, in 2 of 3 zones.
    assert capacity_units(site(changed({path: "60000 req/min"}))) == 16_000 // 25 * 3 // 2


def test_no_sample_of_requests_shows_the_tokens_of_clients() -> None:
    spec = emitted(ACL)["spec"]
    assert not any(each["visibilityConfig"]["sampledRequestsEnabled"] for each in (spec, *spec["rules"]))


def test_azure_is_told_of_a_firewall_of_others_alone_and_reserves_nothing() -> None:
    azure = {f"{HERE}.platform": "azure"}
    found = documents(site(changed(azure)))
    assert ACL not in found
    assert not any("waf" in name or "capacity" in name for name in found[INGRESS]["metadata"]["annotations"])
