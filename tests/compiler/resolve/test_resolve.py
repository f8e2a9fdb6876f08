"""Each environment is laid over the specification; every value knows the line that decided it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Finding, Severity, in_source_order
from compiler.diagnostics.bounds import MOST
from compiler.model.specification import SECTIONS
from compiler.resolve.overlay import PLACEHOLDER
from compiler.resolve.resolved import Resolved, resolve
from compiler.sources import files
from compiler.sources.nodes import leaves
from tests.compiler.project import FROZEN, loaded, resolved

if TYPE_CHECKING:
    from pathlib import Path

TUNING = "environments/staging/overlays/tuning.yaml"
MORE = "environments/staging/overlays/values.yaml"


def outcome(root: Path) -> tuple[dict[str, Resolved], tuple[Finding, ...]]:
    read = files.load(root, SECTIONS)
    found, findings = resolve(root, read)
    return {item.environment.name: item for item in found}, in_source_order((*read.findings, *findings))


def errors(root: Path) -> list[tuple[str, str]]:
    return [(item.code, item.place) for item in outcome(root)[1] if item.severity is Severity.ERROR]


def rewrite(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new, 1))


def test_a_value_of_an_overlay_wins_over_that_of_the_specification(project: Path) -> None:
    (project / MORE).write_text("load_balancing:\n  application:\n    health_check:\n      interval: 10s\n")
    found, _ = outcome(project)
    check = found["staging"].spec.load_balancing.application.health_check
    assert check.interval.seconds == 10
    assert check.timeout.seconds == 5
    assert found["production"].spec.load_balancing.application.health_check.interval.seconds == 30


def test_a_list_of_an_overlay_replaces_that_of_the_specification_as_a_whole(project: Path) -> None:
    (project / MORE).write_text("network:\n  segmentation:\n    traffic:\n      ingress: [VPN]\n")
    found, _ = outcome(project)
    assert found["staging"].spec.network.segmentation.traffic.ingress == ("VPN",)


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_every_value_names_the_line_that_decided_it(environment: str) -> None:
    item = resolved()[environment]
    own = f"environments/{environment}/"
    for path, leaf in leaves(item.tree):
        span = item.span(path)
        line = (FROZEN / span.source.path).read_text().split("\n")[span.line - 1]
        assert line[span.column - 1 :].lstrip("\"'").startswith(leaf.text)
        assert span.source.path.startswith(own) or span.source.path == f"spec/{path[0]}.yaml"
    decided = {path for path, leaf in leaves(item.tree) if leaf.span.source.path == f"{own}overlays/tuning.yaml"}
    assert ("components", "data_layer", "scaling", "strategy", "sharding") in decided
    assert decided == {
        path for _, section in loaded().sections for path, leaf in leaves(section) if leaf.text == PLACEHOLDER
    }


def test_a_patched_value_has_the_place_of_the_patch_and_its_neighbour_that_of_the_specification(
    project: Path,
) -> None:
    (project / MORE).write_text("backup:\n  database:\n    retention: 31 days\n")
    found, _ = outcome(project)
    item = found["staging"]
    assert str(item.span(("backup", "database", "retention"))) == f"{MORE}:3:16"
    assert str(item.span(("backup", "database", "type"))) == "spec/backup.yaml:5:11"
    assert str(item.span(("environment", "host"))) == "environments/staging/environment.yaml:6:9"
    assert item.has(("backup", "database", "retention"))
    assert not item.has(("backup", "database", "retentions"))


def test_a_placeholder_that_is_not_filled_names_its_line_and_each_environment_that_leaves_it(
    project: Path,
) -> None:
    for name in ("staging", "development"):
        file = project / f"environments/{name}/overlays/tuning.yaml"
        file.write_text(file.read_text().replace("  threads:\n    worker:", "  memory:\n    heap: 80%\n  #", 1))
    found, findings = outcome(project)
    assert [(item.code, item.place, item.message) for item in findings if item.code == "ENV001"] == [
        ("ENV001", "spec/limits.yaml:12:13", f"{name} does not fill the placeholder 'limits.threads.worker'")
        for name in ("development", "staging")
    ]
    assert list(found) == ["production"]


def test_a_placeholder_that_the_specification_fills_for_everybody_is_none(project: Path) -> None:
    rewrite(project, "spec/limits.yaml", "worker: Configurable", "worker: 8")
    rewrite(project, TUNING, "limits:\n  threads:\n    worker: 40\n", "")
    found, _ = outcome(project)
    assert found["staging"].spec.limits.threads.worker == 8
    assert found["production"].spec.limits.threads.worker == 40


def test_a_whole_list_may_be_a_placeholder(project: Path) -> None:
    rewrite(project, "spec/network.yaml", "ingress:\n        - Load balancer\n        - VPN", "ingress: Configurable")
    (project / MORE).write_text("network: {segmentation: {traffic: {ingress: [VPN]}}}\n")
    found, _ = outcome(project)
    assert found["staging"].spec.network.segmentation.traffic.ingress == ("VPN",)
    assert set(errors(project)) == {("ENV001", "spec/network.yaml:11:16")}
    assert list(found) == ["staging"]


def test_the_place_of_a_mapping_is_no_placeholder_even_where_every_overlay_fills_some_of_it(project: Path) -> None:
    (project / "spec/limits.yaml").write_text("limits:\n  threads: Configurable\n")
    assert errors(project) == [("SPEC001", "spec/limits.yaml:1:1")] * 2 + [("SPEC004", "spec/limits.yaml:2:12")]
    (project / "spec/limits.yaml").write_text("limits: Configurable\n")
    assert errors(project) == [("SPEC004", "spec/limits.yaml:1:9")]


def test_an_entry_of_a_list_is_no_placeholder(project: Path) -> None:
    rewrite(project, "spec/network.yaml", "- VPN", "- Configurable")
    (project / MORE).write_text("network: {segmentation: {traffic: {ingress: [VPN]}}}\n")
    assert errors(project) == [("SPEC003", "spec/network.yaml:13:11")]


def test_what_an_overlay_calls_a_placeholder_is_one_mistake_wherever_it_stands(project: Path) -> None:
    (project / MORE).write_text("recovery: Configurable\nnetwork: {segmentation: {zones: [Configurable]}}\n")
    assert errors(project) == [("ENV004", f"{MORE}:1:11"), ("ENV004", f"{MORE}:2:34")]


@pytest.mark.parametrize("path", ["spec/limits.yaml", MORE, "environments/staging/environment.yaml"])
def test_of_very_many_unknown_keys_the_first_are_listed_and_the_others_counted(project: Path, path: str) -> None:
    heading = {"spec/limits.yaml": "limits:\n  threads:\n    worker: 5\n", MORE: "limits:\n  threads:\n"}
    keys = "".join(f"    workers{number}: 1\n" for number in range(4_000))
    (project / path).write_text(heading.get(path, "environment:\n  image:\n") + keys)
    found = [(item.code, item.message) for item in outcome(project)[1] if item.place.startswith(path)]
    assert len(found) <= MOST + 1
    assert [str(code) for code, _ in found].count("FILE006") == 1
    assert found[0][1].endswith("more mistakes here are not listed")


def test_of_very_many_wrong_entries_of_a_list_the_first_are_listed(project: Path) -> None:
    entries = "\n".join(f"        - zone{number}" for number in range(4_000))
    rewrite(project, "spec/network.yaml", "        - VPN", entries)
    assert [code for code, _ in errors(project)] == ["FILE006", *["SPEC003"] * MOST]


@pytest.mark.parametrize("folder", ["argocd", "Odd Name", "\N{RIGHT-TO-LEFT OVERRIDE}x", "-x", "x" * 200])
def test_a_folder_that_no_environment_can_be_named_after_is_to_be_renamed(project: Path, folder: str) -> None:
    (project / "environments/staging").rename(project / "environments" / folder)
    (finding,) = (item for item in outcome(project)[1] if item.code == "ENV005")
    assert finding.help == f"rename the folder: '{folder}' cannot be the name of an environment"


def test_an_overlay_that_patches_what_is_not_there_is_refused(project: Path) -> None:
    (project / MORE).write_text("limit: {}\nbackup:\n  databse:\n    retention: 1 day\n")
    _, findings = outcome(project)
    assert [(item.code, item.place, item.help) for item in findings if item.severity is Severity.ERROR] == [
        ("ENV002", f"{MORE}:1:1", "did you mean 'limits'?"),
        ("ENV002", f"{MORE}:3:3", "did you mean 'database'?"),
    ]


def test_an_overlay_of_a_mapping_that_lacks_everything_is_told_where_to_start(project: Path) -> None:
    (project / "spec/limits.yaml").write_text("limits: {}\n")
    helps = {item.help for item in outcome(project)[1] if item.code == "ENV002"}
    assert helps == {"write the key in spec/ first, or remove it here"}


def test_two_overlays_that_patch_one_value_are_refused_at_the_second(project: Path) -> None:
    (project / MORE).write_text("connections: {database: {pool_size: 20}}\n")
    _, findings = outcome(project)
    (finding,) = (item for item in findings if item.code == "ENV003")
    assert finding.place == f"{MORE}:1:37"
    assert f"{TUNING}:10:16" in finding.message


def test_an_overlay_opens_no_placeholder(project: Path) -> None:
    (project / MORE).write_text("backup: {database: {retention: Configurable}}\n")
    rewrite(project, TUNING, "worker: 40", "worker: Configurable")
    assert errors(project) == [("ENV004", f"{TUNING}:15:13"), ("ENV004", f"{MORE}:1:32")]


@pytest.mark.parametrize("text", ["- a\n", "word\n"])
def test_an_overlay_is_a_mapping(project: Path, text: str) -> None:
    (project / MORE).write_text(text)
    assert errors(project)[0][0] == "SPEC004"


def test_a_wrong_value_of_the_specification_is_reported_though_every_overlay_replaces_it(project: Path) -> None:
    rewrite(project, "spec/limits.yaml", "worker: Configurable", "worker: lots")
    assert errors(project) == [("SPEC010", "spec/limits.yaml:12:13")]


def test_an_overlay_that_cannot_be_read_does_not_report_the_placeholders_that_it_may_fill(project: Path) -> None:
    (project / TUNING).write_text("a: b: c")
    found, _ = outcome(project)
    assert errors(project) == [("YAML001", f"{TUNING}:1:5")]
    assert "staging" not in found


def test_an_environment_is_named_as_its_folder(project: Path) -> None:
    (project / "environments/staging").rename(project / "environments/stage")
    assert errors(project) == [("ENV005", "environments/stage/environment.yaml:4:9")]


def test_an_environment_with_a_fault_does_not_keep_the_others_from_being_resolved(project: Path) -> None:
    rewrite(project, "environments/staging/environment.yaml", "stage: staging", "stage: testing")
    found, findings = outcome(project)
    assert list(found) == ["development", "production"]
    assert ("SPEC003", "environments/staging/environment.yaml:5:10") in [(item.code, item.place) for item in findings]


def test_a_document_that_is_absent_is_a_warning_once_for_all_environments(project: Path) -> None:
    (project / "spec/SECURITY_SPEC.md").unlink()
    _, findings = outcome(project)
    assert [(item.code, item.severity, item.place) for item in findings] == [
        ("SPEC020", Severity.WARNING, "spec/references.yaml:5:13")
    ]


def test_faults_in_one_file_hide_those_in_no_other(project: Path) -> None:
    (project / "spec/compute.yaml").unlink()
    rewrite(project, "spec/storage.yaml", '"1TB"', '"1XB"')
    rewrite(project, "spec/backup.yaml", "backup:", "backups:")
    (project / "spec/network.yaml").write_text("network: 5\n")
    rewrite(project, TUNING, "reset_timeout: 30s", "reset_timeout: 30")
    (project / MORE).write_text("compute: {application_tier: {}}\nlimits: {threads: {workers: 1}}\n")
    rewrite(project, "environments/production/environment.yaml", "host: config", "host: -config")
    assert errors(project) == [
        ("SPEC017", "environments/production/environment.yaml:6:9"),
        ("SPEC013", f"{TUNING}:20:22"),
        ("ENV002", f"{MORE}:2:20"),
        ("SPEC002", "spec/backup.yaml:3:1"),
        ("FILE001", "spec/compute.yaml"),
        ("SPEC004", "spec/network.yaml:1:10"),
        ("SPEC012", "spec/storage.yaml:9:12"),
    ]


def test_nothing_of_the_specification_can_be_read_and_the_environments_still_are(project: Path) -> None:
    for file in (project / "spec").iterdir():
        file.unlink()
    rewrite(project, "environments/production/environment.yaml", "role: primary", "role: main")
    found, _ = outcome(project)
    assert found == {}
    assert [code for code, _ in errors(project)] == ["SPEC003", *["FILE001"] * len(SECTIONS)]


def test_findings_come_in_the_order_of_the_files_and_each_once(project: Path) -> None:
    rewrite(project, "spec/limits.yaml", "warning: 80%", "warning: 800%")
    rewrite(project, "spec/limits.yaml", "critical: 85%", "critical: 850%")
    rewrite(project, "spec/backup.yaml", "Weekly", "weekly")
    _, findings = outcome(project)
    assert [item.place for item in findings] == [
        "spec/backup.yaml:8:13",
        "spec/limits.yaml:8:16",
        "spec/limits.yaml:16:17",
    ]
    assert len(set(findings)) == len(findings)
