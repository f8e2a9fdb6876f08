"""The models know every key and every choice of the specification, require all of them, and cannot be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from compiler.diagnostics import Source
from compiler.model.base import Model
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import SECTIONS, Specification
from compiler.model.units.base import Unit
from compiler.resolve.bind import bind
from compiler.resolve.overlay import PLACEHOLDER
from compiler.sources import yaml
from compiler.sources.nodes import KeyValue, MappingNode, Node, ScalarNode, SequenceNode, leaves, lookup
from compiler.sources.nodes import Path as Keys
from tests.compiler.authority import AUTHORITY
from tests.compiler.project import SOMEWHERE, keys, loaded, node, rebound, resolved, with_value

# The document's sixteen blocks, with the first one mended: a list and a key share one level in it, so that the list
# became `features`. What the project adds of its own comes on top.
LEAVES = 197
REFERENCES = 2
HOLES = 6

TREE = resolved()["production"].tree
PATHS = [path for path, _ in leaves(TREE)]
BUNDLE = keys("environment.clusters.eu-central-1.vault.ca_bundle")


def test_every_statement_of_the_document_has_its_place_in_the_specification() -> None:
    counts = {name: sum(1 for _ in leaves(document)) for name, document in loaded().sections}
    assert counts.pop("references") == REFERENCES
    assert len(counts) == 16
    assert sum(counts.values()) >= LEAVES


def test_what_the_document_leaves_open_is_left_open_for_each_environment() -> None:
    placeholders = [
        path for _, document in loaded().sections for path, leaf in leaves(document) if leaf.text == PLACEHOLDER
    ]
    assert len(placeholders) >= HOLES
    for environment in resolved().values():
        assert all(str(environment.span(path)).startswith("environments/") for path in placeholders)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_bound_to_its_model(section: str) -> None:
    bound = getattr(resolved()["production"].spec, section)
    assert isinstance(bound, Model)
    assert set(type(bound).model_fields) == set(entries((section,)))


def test_no_value_can_be_changed_once_it_is_bound() -> None:
    environment = resolved()["production"]
    for value in (*values(environment.spec), *values(environment.environment)):
        if isinstance(value, BaseModel):
            field = next(iter(type(value).model_fields))
            with pytest.raises(ValidationError, match="frozen"):
                setattr(value, field, None)
        elif isinstance(value, Mapping):
            with pytest.raises(TypeError):
                value["new"] = None  # type: ignore[index]
        else:
            assert isinstance(value, str | int | bool | Unit | tuple | None)
    assert hash(environment.spec)


def test_every_key_is_required_but_for_those_that_have_a_safe_default() -> None:
    optional = {
        "reason",
        "cloud_identity",
        "nodes",
        "probes",
        "clients",
        "replicated_to",
        "anchors",
        "node_metrics",
        "objectives",
    }
    for path in map_paths():
        if path[-1] not in optional and path[:-1] != ("environment", "clusters"):
            ((code, message, _),) = outcome(without(TREE, path))
            assert code == "SPEC001", path
            assert f"'{path[-1]}'" in message


def test_a_misspelt_key_is_one_mistake_and_the_key_that_is_meant_is_named() -> None:
    for path in map_paths():
        if path[:-1] == ("environment", "clusters"):
            continue  # the names of clusters are the environment's own
        misspelt = f"{path[-1]}x"
        findings = outcome(renamed(TREE, path, misspelt))
        assert findings == [("SPEC002", f"the key '{misspelt}' is unknown", f"did you mean '{path[-1]}'?")], path


def test_every_choice_is_accepted_and_any_other_text_names_them_all() -> None:
    found = [(path, choices) for path in PATHS if (choices := choices_at(path))]
    assert len(found) > 40
    for path, choices in found:
        for choice in choices:
            result, findings = rebound(with_value(TREE, path, ScalarNode(choice, SOMEWHERE)))
            assert result or [finding.code for finding in findings] == ["SPEC006"], (path, choice)
        ((code, _, help_),) = outcome(with_value(TREE, path, ScalarNode("something else", SOMEWHERE)))
        assert code == "SPEC003", path
        assert all(choice in help_ for choice in choices), path


@pytest.mark.parametrize(
    ("path", "free"),
    [
        ("components.api_layer.features", "OpenAPI/Swagger documentation"),
        ("components.data_layer.features", "Audit logs"),
    ],
)
def test_the_words_that_the_service_is_built_from_cannot_be_left_out(path: str, free: str) -> None:
    words = choices_at((*keys(path), 0))
    for word in words:
        tree = with_value(TREE, keys(path), node([each for each in words if each != word]))
        expected = [] if word == free else [("SPEC006", f"the list leaves out '{word}'")]
        assert [(code, message) for code, message, _ in outcome(tree)] == expected


@pytest.mark.parametrize("wrong", ["{}", "[]", "{a: {b: c}}", "[[x]]", "''", "\N{SNOWMAN}", "x" * 5000], ids=range(7))
def test_whatever_stands_in_the_place_of_a_value_is_a_finding(wrong: str) -> None:
    value, _ = yaml.parse(Source("test.yaml", wrong))
    assert value is not None
    for path in PATHS:
        result, findings = rebound(with_value(TREE, path, value))
        assert result is None, path
        assert findings, path
        assert all(finding.span and finding.help for finding in findings), path


def test_a_value_in_the_place_of_a_mapping_or_list_is_one_finding_with_what_belongs_there() -> None:
    for path in {leaf[:size] for leaf in PATHS for size in range(1, len(leaf))}:
        (finding,) = outcome(with_value(TREE, path, ScalarNode("x", SOMEWHERE)))
        assert finding[0] == "SPEC004"
        expected = "a list" if isinstance(lookup(TREE, path), SequenceNode) else "a mapping of keys"
        assert finding[1] == f"{expected} is expected here"


@pytest.mark.parametrize("name", ["argocd", "schemas"])
def test_an_environment_does_not_have_the_name_of_a_folder_of_other_documents(name: str) -> None:
    ((code, _, help_),) = outcome(with_value(TREE, ("environment", "name"), ScalarNode(name, SOMEWHERE)))
    assert (code, help_) == ("SPEC017", "use a name as production; argocd and schemas are reserved")


def test_policies_see_whole_numbers_texts_and_booleans_alone() -> None:
    environment = resolved()["production"]
    dumped = [environment.spec.model_dump(mode="json"), environment.environment.model_dump(mode="json")]
    assert dumped[0]["compute"]["application_tier"]["resources"]["memory"]["min"] == 4 * 2**30
    assert dumped[1]["clusters"]["eu-west-1"]["role"] == "recovery"
    assert all(type(value) in (str, int, bool, type(None)) for document in dumped for value in plain_values(document))


def outcome(tree: Node) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.message, finding.help) for finding in rebound(tree)[1]]


def entries(path: Keys) -> Mapping[str, KeyValue]:
    node = lookup(TREE, path)
    return node.entries if isinstance(node, MappingNode) else {}


def map_paths() -> set[Keys]:
    """Every path below a section, or ``environment``, that ends in a key."""
    found = {path[:size] for path in PATHS for size in range(2, len(path) + 1)}
    return {path for path in found if isinstance(path[-1], str)}


def without(node: Node, path: Keys) -> Node:
    parent = lookup(node, path[:-1])
    assert isinstance(parent, MappingNode)
    kept = {name: entry for name, entry in parent.entries.items() if name != path[-1]}
    return with_value(node, path[:-1], MappingNode(kept, parent.span))


def renamed(node: Node, path: Keys, name: str) -> Node:
    parent = lookup(node, path[:-1])
    assert isinstance(parent, MappingNode)
    kept = {name if key == path[-1] else key: entry for key, entry in parent.entries.items()}
    return with_value(node, path[:-1], MappingNode(kept, parent.span))


def choices_at(path: Keys) -> tuple[str, ...]:
    """The texts that a Literal allows at a path."""
    annotation = annotation_at(EnvironmentFile if path[0] == "environment" else Specification, path)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def values(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from values(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from values(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from values(item)


def plain_values(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        for value in document.values():
            yield from plain_values(value)
    elif isinstance(document, list | tuple):
        for value in document:
            yield from plain_values(value)
    else:
        yield document


def test_the_specification_alone_is_refused_where_it_leaves_a_placeholder() -> None:
    tree = MappingNode({name: KeyValue(document.span, document) for name, document in loaded().sections}, SOMEWHERE)
    assert bind(Specification, tree)[0] is None


def test_several_authorities_may_be_trusted_at_once() -> None:
    assert not outcome(with_value(TREE, BUNDLE, ScalarNode(AUTHORITY * 2, SOMEWHERE)))


@pytest.mark.parametrize(
    "text",
    [
        AUTHORITY.replace("CERTIFICATE", "PRIVATE KEY"),
        f"{AUTHORITY}-----BEGIN PRIVATE KEY-----\n",
        AUTHORITY.replace("MIIB", "MIIC"),
        AUTHORITY.replace("\n", " "),
        "https://vault.bank.example/ca.pem",
    ],
)
def test_what_is_no_certificate_is_refused_and_not_repeated(text: str) -> None:
    ((code, message, _),) = outcome(with_value(TREE, BUNDLE, ScalarNode(text, SOMEWHERE)))
    assert (code, message) == ("SPEC017", "this is not a list of certificates")
