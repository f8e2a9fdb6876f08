"""Each value of an environment has the line that decided it, and an overlay that changes nothing is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.diagnostics import Code, Severity
from compiler.model.specification import SECTIONS
from compiler.resolve.layers import Decided, Layer, bound, decided
from compiler.resolve.overlay import PLACEHOLDER
from compiler.resolve.resolved import resolve
from compiler.sources.files import load
from compiler.sources.nodes import leaves
from tests.compiler.project import FROZEN, loaded, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.diagnostics import Finding

OVERLAY = "environments/staging/overlays/more.yaml"


def statements(environment: str = "production") -> list[Decided]:
    return list(decided(resolved()[environment]))


def found(project: Path, overlay: str) -> list[Finding]:
    """What is reported of staging with one more overlay."""
    (project / OVERLAY).write_text(overlay)
    read = load(project, SECTIONS, ("staging",))
    return [*read.findings, *resolve(project, read)[1]]


@pytest.mark.parametrize("environment", resolved())
def test_every_leaf_of_the_tree_belongs_to_one_statement_that_the_models_have_parsed(environment: str) -> None:
    listed = [item.path for item in statements(environment) if item.value.span]
    assert len(set(listed)) == len(listed)
    for path, _ in leaves(resolved()[environment].tree):
        assert (path in listed) != (path[:-1] in listed), path
    assert all(bound(resolved()[environment], path) is not None for path in listed)


@pytest.mark.parametrize("environment", resolved())
def test_a_value_stands_at_the_place_that_is_named_and_a_hidden_one_at_its_own(environment: str) -> None:
    for item in statements(environment):
        for layered in filter(None, (item.value, item.hidden)):
            if layered.span is None:
                assert layered.layer is Layer.DEFAULT
            elif isinstance(layered.value, str):
                span = layered.span
                assert layered.value in span.source.line(span.line)[span.column - 1 :]
                assert span.source.text == (FROZEN / span.source.path).read_text()


def test_what_an_overlay_decides_hides_the_specification_and_nothing_else_hides_anything() -> None:
    for item in statements():
        assert (item.hidden is not None) == (item.value.layer is Layer.OVERLAY)
        assert item.hidden is None or item.hidden.layer is Layer.SPECIFICATION
    hidden = {item.name for item in statements() if item.hidden}
    placeholders = {
        ".".join(map(str, (section, *path[1:])))
        for section, document in loaded().sections
        for path, node in leaves(document)
        if node.text == PLACEHOLDER
    }
    assert hidden == placeholders


def test_a_key_that_is_left_out_has_the_default_of_its_model() -> None:
    shown = {item.name: item.value for item in statements()}
    assert shown["environment.throttling.routes.0.strict"].text == "false"
    assert shown["environment.throttling.routes.0.strict"].layer is Layer.DEFAULT


@pytest.mark.parametrize(
    "overlay",
    [
        "compute: {application_tier: {instances: {min: 2}}}",
        'auto_scaling: {application: {cooldown: {scale_down: "300 s"}}}',
        "compute: {application_tier: {scaling: {metrics: [CPU utilization, Memory usage, Request rate]}}}",
    ],
)
def test_an_overlay_that_repeats_a_value_is_a_warning_however_the_value_is_spelt(project: Path, overlay: str) -> None:
    (finding,) = found(project, overlay)
    assert (finding.code, finding.severity) == (Code.ENV007, Severity.WARNING)
    assert finding.place.startswith(OVERLAY)
    assert "reaches this environment" in finding.help


@pytest.mark.parametrize(
    "overlay",
    [
        "compute: {application_tier: {instances: {min: 3}}}",
        "compute: {application_tier: {scaling: {metrics: [CPU utilization]}}}",
    ],
)
def test_an_overlay_that_changes_a_value_repeats_nothing(project: Path, overlay: str) -> None:
    assert found(project, overlay) == []


def test_every_value_that_is_no_placeholder_can_be_repeated_and_each_is_noticed(project: Path) -> None:
    text = (project / "spec/compute.yaml").read_text()
    count = sum(item.path[0] == "compute" for item in statements("staging"))
    findings = found(project, text)
    assert [finding.code for finding in findings] == [Code.ENV007] * count


def test_a_specification_with_a_mistake_that_an_overlay_mends_is_reported_for_the_mistake_alone(project: Path) -> None:
    file = project / "spec/compute.yaml"
    file.write_text(file.read_text().replace("max: 8\n", "max: eight\n", 1))
    overlay = "compute: {application_tier: {instances: {min: 2, max: 8}}}"
    assert [finding.code for finding in found(project, overlay)] == [Code.SPEC010]
