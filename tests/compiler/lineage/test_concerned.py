"""A rule is asked about a difference that it can see, and not about the hash in a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.contents import by_content
from compiler.emit.kubernetes.common.metadata import Wave
from compiler.lineage.analysed import analysed
from compiler.lineage.concerned import Concerned, aligned
from compiler.pipeline import emit_for_policies
from compiler.policy.input import input_of
from tests.compiler.project import ROOT, resolved

if TYPE_CHECKING:
    from compiler.emit.artifact import Document


def _settings(text: str) -> Document:
    return by_content("settings", Wave.APPLICATION, "application", {}, {"settings.json": text})


def _input(settings: Document, mounted: Document) -> dict[str, Any]:
    pods = {"kind": "Deployment", "metadata": {"name": "api"}, "spec": {"mounts": mounted["metadata"]["name"]}}
    return {"documents": [{"file": "settings", "object": settings}, {"file": "pods", "object": pods}]}


def test_a_name_by_content_stays_where_the_content_moves_and_its_reader_follows() -> None:
    old, new = _settings("a"), _settings("b")
    before = _input(old, old)
    settings, pods = aligned(before, _input(new, new))["documents"]
    assert settings["object"] == {**new, "metadata": old["metadata"]}
    assert pods == before["documents"][1]
    assert aligned(before, before) is before


def test_a_reader_that_does_not_follow_and_a_name_that_does_not_fit_its_content_stand_out() -> None:
    old, new = _settings("a"), _settings("b")
    before = _input(old, old)
    assert aligned(before, _input(new, old))["documents"][1] != before["documents"][1]
    misnamed = {**new, "metadata": {**new["metadata"], "name": "settings-0123456789"}}
    assert aligned(before, after := _input(misnamed, misnamed)) is after


def test_a_rule_is_asked_where_a_field_that_it_reads_differs_or_an_object_is_new() -> None:
    found = analysed(ROOT / "policies")
    concerned = Concerned(found, found.reads)
    before = input_of(emit_for_policies(resolved()["production"])[0])
    assert concerned.between(before, before) == ()
    pods = next(item for item in before["documents"] if item["object"]["kind"] == "Deployment")
    spec = pods["object"]["spec"]

    def asked(**fields: Any) -> set[str]:
        other = {**pods, "object": {**pods["object"], "spec": {**spec, **fields}}}
        documents = [other if item is pods else item for item in before["documents"]]
        return set(concerned.between(before, {**before, "documents": documents}))

    assert "K8S001" not in asked(replicas=99)
    assert "DEP028" in asked(replicas=99)
    assert "K8S001" in asked(template={})
    fewer = {**before, "documents": [item for item in before["documents"] if item is not pods]}
    assert {"K8S001", "DEP028"} <= set(concerned.between(before, fewer))
