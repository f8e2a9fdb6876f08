"""Support of versions is judged for the day that a compilation is given, and never prevents one."""

from __future__ import annotations

from datetime import date, timedelta

from compiler.emit import providers
from compiler.emit.providers import KUBERNETES_SUPPORT, Provider
from compiler.pipeline import emit_for_policies
from compiler.policy.gate import Verdict, load
from compiler.policy.versions import versions
from tests.compiler.project import resolved
from tests.policy.policies import POLICIES

PROVIDERS = [item for item in vars(providers).values() if isinstance(item, Provider)]
DAY = date(2026, 11, 28)


def judged(day: date | None) -> Verdict:
    return load(POLICIES).judge(emit_for_policies(resolved()["production"]), day)


def test_the_days_are_counted_from_the_day_that_is_given() -> None:
    (rendering, _) = emit_for_policies(resolved()["production"])
    found = {item["name"]: item for item in versions(rendering, DAY)}
    kubernetes = found["Kubernetes"]
    assert kubernetes["version"] == rendering.site.cluster.kubernetes
    ends = date.fromisoformat(KUBERNETES_SUPPORT[kubernetes["version"]])
    assert kubernetes["days_left"] == (ends - DAY).days
    assert found["CloudNativePG"]["version"] == providers.CLOUDNATIVE_PG.least
    later = {item["name"]: item["days_left"] for item in versions(rendering, DAY + timedelta(days=1))}
    assert later == {name: item["days_left"] - 1 for name, item in found.items()}


def test_without_a_day_no_support_is_judged() -> None:
    (rendering, _) = emit_for_policies(resolved()["production"])
    assert versions(rendering, None) == []
    assert "DEP027" in judged(None).vacuous


def test_an_end_of_support_warns_on_any_day_and_is_never_an_error() -> None:
    for day in (DAY, date(2040, 1, 1)):
        severities = {finding.severity for finding in judged(day).findings if finding.code == "DEP027"}
        assert severities <= {"warning"}
    assert severities


def test_every_end_of_support_is_a_day_and_later_versions_end_later() -> None:
    for provider in PROVIDERS:
        assert not provider.supported_until or date.fromisoformat(provider.supported_until)
    ends = [date.fromisoformat(day) for day in KUBERNETES_SUPPORT.values()]
    assert ends == sorted(ends)
