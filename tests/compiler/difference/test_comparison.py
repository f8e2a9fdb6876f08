"""Compiled files are compared value by value: every difference is found, and what says the same is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.difference.comparison import compare

FILE = "production/eu-central-1/kubernetes/a.yaml"
SCALARS = st.one_of(st.booleans(), st.integers(0, 9), st.sampled_from(["a", "b", "1h", "60m", "one\ntwo"]))
DOCUMENTS = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.sampled_from(["name", "spec", "x", "y/z"]), below, max_size=4),
    ),
    max_leaves=12,
)


def changes(before: Any, after: Any) -> dict[str, tuple[Any, Any]]:
    found = compare({FILE: before}, {FILE: after})
    return {change.name: (change.before, change.after) for change in found.values()}


@given(DOCUMENTS)
def test_nothing_differs_from_itself(document: Any) -> None:
    assert changes(document, document) == {}


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_a_value_that_differs_has_one_key_whatever_else_differs(one: Any, other: Any, beside: Any) -> None:
    alone = compare({FILE: {"x": one, "y": 1}}, {FILE: {"x": other, "y": 1}})
    together = compare({FILE: {"x": one, "y": 1}}, {FILE: {"x": other, "y": beside}})
    assert alone.keys() <= together.keys()


def test_an_entry_that_is_inserted_does_not_move_those_behind_it() -> None:
    before = {"lines": ["a", "b", "c"]}
    alone = compare({FILE: before}, {FILE: {"lines": ["a", "b", "C"]}})
    together = compare({FILE: before}, {FILE: {"lines": ["new", "a", "b", "C"]}})
    (key,) = alone
    assert together[key].after == "C"
    assert (alone[key].pointer, together[key].pointer) == ("/lines/2", "/lines/3")


def test_entries_with_names_are_compared_by_them_in_any_order() -> None:
    before = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]
    after = [{"name": "b", "value": 3}, {"name": "a", "value": 1}]
    assert changes({"env": before}, {"env": after}) == {"env[b].value": (2, 3)}


def test_a_json_file_of_a_config_map_is_compared_by_its_values_and_a_panel_is_known_by_its_title() -> None:
    def dashboard(level: int, *, first: bool) -> dict[str, Any]:
        steps = [{"color": "transparent", "value": None}, {"color": "red", "value": level}]
        panels = [{"title": "Pods", "steps": steps, "targets": [{"refId": "A", "expr": f"pods > {level}"}]}]
        text = json.dumps({"panels": [{"title": "Requests"}, *panels] if first else panels}, indent=2)
        return {"kind": "ConfigMap", "data": {"a.json": text, "a.txt": text}}

    found = changes(dashboard(8, first=False), dashboard(12, first=False))
    assert {name: values for name, values in found.items() if "a.json" in name} == {
        'data["a.json"].panels[Pods].steps[1].value': (8, 12),
        'data["a.json"].panels[Pods].targets[A].expr': ("pods > 8", "pods > 12"),
    }
    assert len([name for name in found if "a.txt" in name]) == 2, "lines"
    moved = changes(dashboard(8, first=False), dashboard(8, first=True))
    assert [name for name in moved if "a.json" in name] == ['data["a.json"].panels[Requests].title']
    assert changes({"data": {"a.json": "{"}}, {"data": {"a.json": "["}}) == {'data["a.json"]': ("{", "[")}


def test_containers_that_run_before_the_others_have_an_order() -> None:
    first, second = {"name": "a"}, {"name": "b"}
    assert changes({"initContainers": [first, second]}, {"initContainers": [second, first]})
    assert not changes({"containers": [first, second]}, {"containers": [second, first]})


@pytest.mark.parametrize("kind", ["NetworkPolicy", "Role", "AppProject"])
def test_the_order_of_a_set_is_no_difference(kind: str) -> None:
    before, after = ({"kind": kind, "spec": {"rules": rules}} for rules in (["a", "b"], ["b", "a"]))
    assert changes(before, after) == {}
    assert changes({**before, "kind": "Job"}, {**after, "kind": "Job"})


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("resources", "limits", "cpu"), "1000m", "1"),
        (("resources", "limits", "memory"), "1Gi", "1024Mi"),
        (("spec", "interval"), "60m", "1h"),
    ],
)
def test_a_quantity_or_a_duration_in_another_spelling_is_no_difference(
    path: tuple[str, ...], before: str, after: str
) -> None:
    def document(value: str) -> Any:
        found: Any = value
        for step in reversed(path):
            found = {step: found}
        return found

    assert changes(document(before), document(after)) == {}


def test_a_text_of_several_lines_is_compared_line_by_line() -> None:
    before, after = ({"data": {"redis.conf": f"a 1\nb {number}\n\nc 3\n"}} for number in (2, 4))
    assert changes(before, after) == {'data["redis.conf"][1]': ("b 2", "b 4")}


def test_an_object_that_is_new_or_gone_is_one_change() -> None:
    document = {"kind": "Role", "rules": ["a", "b"]}
    (new,) = compare({}, {FILE: document}).values()
    (gone,) = compare({FILE: document}, {}).values()
    assert (new.path, new.before, new.after) == ((), None, document)
    assert (gone.path, gone.before, gone.after) == ((), document, None)
