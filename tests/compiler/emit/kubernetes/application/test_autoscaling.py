"""The autoscaler holds the targets, windows and cooldowns of the specification."""

from __future__ import annotations

import pytest

from compiler.emit.argocd import argocd
from tests.compiler.project import changed, documents, emitted, site

APPLICATION = "cbp-application"
SCALER = f"{APPLICATION}/horizontalpodautoscaler-configuration-api.yaml"


def test_the_autoscaler_holds_the_bounds_and_the_three_targets() -> None:
    spec = emitted(SCALER)["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 8)
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "configuration-api"}
    cpu, memory, requests = spec["metrics"]
    for metric, resource, percent in ((cpu, "cpu", 70), (memory, "memory", 80)):
        assert metric["containerResource"] == {
            "name": resource,
            "container": "configuration-api",
            "target": {"type": "Utilization", "averageUtilization": percent},
        }
    assert requests["pods"]["metric"]["name"] == "http_requests_per_minute"
    assert requests["pods"]["target"] == {"type": "AverageValue", "averageValue": "1000"}


def test_the_autoscaler_waits_as_long_as_the_windows_and_cooldowns_say() -> None:
    behavior = emitted(SCALER)["spec"]["behavior"]
    assert behavior["scaleUp"] == {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 180}],
        "tolerance": "0",
    }
    assert behavior["scaleDown"] == {
        "stabilizationWindowSeconds": 300,
        "selectPolicy": "Max",
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}],
        "tolerance": "571m",
    }


@pytest.mark.parametrize(("version", "tolerated"), [("1.33", False), ("1.34", False), ("1.35", True), ("1.37", True)])
def test_the_tolerance_is_there_from_the_version_on_that_knows_it(version: str, tolerated: bool) -> None:
    scaler = emitted(SCALER, **{"environment__clusters__eu-central-1__kubernetes": version})
    assert {"tolerance" in direction for direction in scaler["spec"]["behavior"].values()} == {tolerated}


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [("70%", "30%", "571m"), ("70%", "70%", "0m"), ("50%", "80%", "0m"), ("100%", "1%", "990m")],
)
def test_the_tolerance_is_how_far_below_the_target_a_tier_may_fall(up: str, down: str, expected: str) -> None:
    thresholds = "compute__application_tier__scaling__thresholds__"
    scaler = emitted(SCALER, **{f"{thresholds}scale_up": up, f"{thresholds}scale_down": down})
    assert scaler["spec"]["behavior"]["scaleDown"]["tolerance"] == expected


def test_the_longest_window_is_that_of_the_autoscaler() -> None:
    scaler = emitted(SCALER, auto_scaling__application__triggers__memory__window="10m")
    assert scaler["spec"]["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 600


@pytest.mark.parametrize(("word", "value"), [("type", "Vertical"), ("strategy", "Manual")])
def test_without_an_autoscaler_git_states_the_number_of_pods_and_nothing_measures_them(word: str, value: str) -> None:
    stated = changed({f"components.api_layer.scaling.{word}": value})
    found = documents(site(stated))
    assert SCALER not in found
    assert not [name for name in found if "adapter" in name]
    assert found[f"{APPLICATION}/deployment-configuration-api.yaml"]["spec"]["replicas"] == 4
    alerts = found[f"{APPLICATION}/prometheusrule-configuration-api.yaml"]["spec"]["groups"]
    names = {rule["alert"] for group in alerts for rule in group["rules"]}
    assert names.isdisjoint({"InstancesAtMost", "AutoscalerBlind"})
    (applications,) = (
        artifact.document
        for artifact in argocd(stated, {"eu-central-1": [*found.values()]})
        if artifact.document and artifact.document["kind"] == "ApplicationSet"
    )
    (generator,) = applications["spec"]["generators"]
    ignored = generator["git"]["template"]["spec"]["ignoreDifferences"]
    assert [item["kind"] for item in ignored] == ["Cluster"], "the number of pods is compared with Git"
