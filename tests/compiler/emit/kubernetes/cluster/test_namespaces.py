"""Namespaces and quota, and how the objects of a cluster fit together."""

from __future__ import annotations

from tests.compiler.project import artifacts, documents, emitted, site

APPLICATION = "cbp-application"
DEPLOYMENT = f"{APPLICATION}/deployment-configuration-api.yaml"
SCALER = f"{APPLICATION}/horizontalpodautoscaler-configuration-api.yaml"
INGRESS = f"{APPLICATION}/ingress-configuration-api.yaml"


def test_what_belongs_together_selects_each_other() -> None:
    found = documents(site())
    labels = found[DEPLOYMENT]["spec"]["template"]["metadata"]["labels"]
    selectors = (
        found[DEPLOYMENT]["spec"]["selector"]["matchLabels"],
        found[f"{APPLICATION}/service-configuration-api.yaml"]["spec"]["selector"],
        found[f"{APPLICATION}/poddisruptionbudget-configuration-api.yaml"]["spec"]["selector"]["matchLabels"],
        found[f"{APPLICATION}/networkpolicy-api-ingress.yaml"]["spec"]["podSelector"]["matchLabels"],
    )
    for selector in selectors:
        assert selector
        assert selector.items() <= labels.items()
    names = {
        volume.get("configMap", {}).get("name") for volume in found[DEPLOYMENT]["spec"]["template"]["spec"]["volumes"]
    }
    assert found[f"{APPLICATION}/configmap-configuration-api.yaml"]["metadata"]["name"] in names


def test_the_quota_is_the_sum_of_the_pods_of_an_update_at_full_scale() -> None:
    quota = emitted(f"{APPLICATION}/resourcequota-configuration-api.yaml")["spec"]["hard"]
    pods = 8 + 1 + 2  # every replica, the one that starts, those that are terminating
    assert quota == {
        "pods": str(pods),
        # Each has a container of two cores and 4 GiB, and a proxy.
        "requests.cpu": f"{2250 * pods}m",
        "requests.memory": f"{(4096 + 256) * pods}Mi",
        "limits.cpu": str(3 * pods),
        "limits.memory": f"{(4096 + 256) * pods}Mi",
    }


def test_every_zone_has_a_namespace_under_the_restricted_profile() -> None:
    found = {name: item for name, item in documents(site()).items() if name.startswith("cluster/namespace-")}
    assert set(found) == {
        f"cluster/namespace-cbp-{zone}.yaml" for zone in ("public", "application", "data", "management")
    }
    for item in found.values():
        assert item["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_object_is_in_a_wave_after_what_it_needs() -> None:
    waves = {
        name: int(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for name, item in documents(site()).items()
    }
    assert all(wave == -2 for name, wave in waves.items() if "namespace-" in name or "networkpolicy-" in name)
    assert waves[f"{APPLICATION}/serviceaccount-configuration-api.yaml"] < waves[DEPLOYMENT] < waves[SCALER]
    assert waves[INGRESS] < waves[DEPLOYMENT]


def test_every_object_names_its_part_and_no_two_share_a_file() -> None:
    found = documents(site())
    files = [path for path in artifacts(site()) if path.startswith("kubernetes/")]
    assert sorted(files) == sorted(["kubernetes/kustomization.yaml", *(f"kubernetes/{path}" for path in found)])
    assert all(item["metadata"]["labels"]["app.kubernetes.io/part-of"] == "cbp" for item in found.values())
