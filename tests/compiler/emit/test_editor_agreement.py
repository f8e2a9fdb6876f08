"""What an editor finds wrong is what the compiler finds wrong, save what no schema can see."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import jsonschema
import pytest

from compiler.diagnostics import Finding, Severity, Source
from compiler.model.specification import SECTIONS
from compiler.resolve.overlay import PLACEHOLDER, is_placeholder
from compiler.resolve.resolved import resolve
from compiler.sources import yaml
from compiler.sources.files import load
from compiler.sources.nodes import ScalarNode
from tests.compiler.editor import SCHEMAS, accepts, kinds, nodes, read, values, written
from tests.compiler.project import SOMEWHERE, rebound, resolved, takes, with_value
from tests.golden.cases import BROKEN, apply, base, case

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.artifact import Document
    from compiler.sources.nodes import Path as Keys

ENVIRONMENT, OVERLAY = SCHEMAS["environment"], SCHEMAS["overlay"]
TREE = resolved()["production"].tree

# What a schema cannot see, because it judges one value of one file, after YAML was read.
UNSEEN_CASES = {
    "env001_placeholder_left_open": "another file fills a placeholder",
    "env002_patch_of_nothing": "another file fills a placeholder: the overlay that should is the one that is refused",
    "env003_two_overlays_of_one_value": "another overlay says the same",
    "env005_name_of_another_folder": "a file does not know its folder",
    "env005_odd_name_of_a_folder": "a file does not know its folder",
    "env005_reserved_name_of_a_folder": "a file does not know its folder",
    "file007_credential_in_a_comment": "a schema judges no comment",
    "several_files_cannot_be_read": "another file fills a placeholder: the overlay that should cannot be read",
    "spec006_route_listed_twice": "two entries that differ in their limits are two entries",
    "spec010_leading_zero": "a number has no digits any more",
    "spec017_address_inside_a_network": "an address is arithmetic",
    "spec019_day_that_there_is_not": "a calendar is arithmetic",
    "spec021_containerfile_starts_from_another_image": "a file does not know the Containerfile",
    "yaml005_key_written_twice": "of two equal keys one is left; the YAML server reports it by itself",
    "yaml006_whole_list_as_a_key": "another file fills a placeholder: the overlay that should has no name for it",
    "yaml007_tag": "a tag has acted",
}
# Values that a schema lets pass and the models refuse, alone or as the entries of a list.
UNSEEN_VALUES = {
    "the notation of a number is gone": ["08", "012", "+5", "-0", "5.0", "2.0", "0x10", "0o17", "1e3"],
    "the notation of a flag is gone": ["True"],
    "a number is no version, which two numbers are": ["1.5", "1.351"],
    "a number and a text that mean the same differ": ["9100, '9100'"],
    "a product is arithmetic": ["0.5B", "9999999999TB", "59/h", "61/h", "100000001/min", "999999999/s"],
    "an address is arithmetic": ["10.0.0.1/24", "300.0.0.0/8"],
    "another entry has the route": ["DELETE /v1/namespaces/{namespace}/entries/{key}"],
}

LACKING = ("sign_in.roles", "workloads", "throttling.clients", "subscribers", "connectors")
"""The keys that the project does not have: no value of an entry of theirs can be tried alone."""

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
TEXTS = (
    *("8080", "'8080'", "08", "012", "0", "-0", "5", "-1", "+5", "5.0", "0x10", "0o17", "1_000", "1000000000", "65536"),
    *("'65536'", "'0'", "1e3", "true", "'true'", "True", "yes", "'no'", "false", "null", "~", "''", "{}", "{a: b}"),
    *("70%", "0%", "100%", "101%", "070%", "80% maximum", "70%  utilization", "5m", "0s", "30 seconds", "5 M", "1:30"),
    *("2 cores", "0 cores", "0.0 cores", "0.5 cores", "02 cores", "500m", "0m", "4GB", "4gb", "4 GiB", "0GB", "0.0GB"),
    *("1.5GB", "0.5B", "9999999999TB", "1000/min", "1000 req/min", "0/min", "59/h", "60/h", "61/h", "100000001/min"),
    *("999999999/s", "1.35", "'1.35'", "'1.5'", "1.5", "1.351", "2.0", "main", "release/1.2", "Name", "a name"),
    *("/health", "health", "/a b", "10.0.0.0/24", "10.0.0.1/24", "300.0.0.0/8", "'2001:db8::/32'", "-a.example"),
    *("config.bank.example", "https://git.example/a.git", "https://user@git.example/a.git", "registry.example/a"),
    *("envoy", "Envoy", DIGEST),
    *(
        f"envoy@{DIGEST}",
        "A.md",
        ".md",
        "argocd",
        "schemas",
        "argocds",
        "2024-01-01",
        "x" * 41,
        PLACEHOLDER,
        "Daily",
        "daily",
    ),
)
LISTS = ("[]", "[[]]", "[9100, '9100']", "[5, 5]", "[5, 6]", *(f"[{text}]" for text in TEXTS))


@pytest.mark.parametrize("name", BROKEN)
def test_an_editor_finds_the_files_wrong_that_the_compiler_finds_wrong(name: str, tmp_path: Path) -> None:
    project = base(tmp_path)
    apply(case(name), project)
    refused = {path for path in written(project) if not accepts(project, path)}
    wrong = faulty(project) & set(written(project))
    if name in UNSEEN_CASES:
        assert refused < wrong
    else:
        assert refused == wrong


def test_a_schema_accepts_the_values_that_the_models_accept() -> None:
    unseen = set()
    for path, schema in (kinds(ENVIRONMENT) | kinds(OVERLAY)).items():
        if any(f".{key}." in f".{'.'.join(map(str, path))}." for key in LACKING):
            continue
        leaf = jsonschema.Draft202012Validator(schema)
        for text in (*TEXTS, *choices(schema), *(LISTS if schema["type"] == "array" else ())):
            errors, meant = list(leaf.iter_errors(_read(text))), compiled(path, text)
            if meant and errors:  # a name such as `true` or 1.5, which an editor takes for one in quotes alone
                assert [error.validator for error in errors] == ["type"], (path, text)
                assert not isinstance(errors[0].instance, str | list | dict), (path, text)
            elif not meant and not errors:
                unseen.add(text.removeprefix("[").removesuffix("]"))
    assert unseen == {text for texts in UNSEEN_VALUES.values() for text in texts}


def test_a_placeholder_may_stand_where_the_schemas_of_the_sections_let_it() -> None:
    for path, schema in (item for name in SECTIONS for item in nodes(SCHEMAS[name]) if item[0]):
        for place, judged in ((path, schema), ((*path, 0), schema.get("items"))):
            if judged is not None:
                tree = with_value(TREE, place, ScalarNode(PLACEHOLDER, SOMEWHERE))
                assert is_placeholder(tree, place) == jsonschema.Draft202012Validator(judged).is_valid(PLACEHOLDER), (
                    place
                )


def test_every_example_that_is_shown_is_accepted() -> None:
    for path, schema in (*values(ENVIRONMENT), *values(OVERLAY)):
        if any(f".{key}." in f".{'.'.join(map(str, path))}." for key in LACKING):
            continue
        lists = (f"[{entry}]" for entry in schema.get("items", {}).get("examples", ()))
        for text in (*schema.get("examples", ()), *lists):
            node, _ = yaml.parse(Source("test.yaml", str(text)))
            assert node, (path, text)
            # A key that production leaves out stands without its neighbours.
            codes = {finding.code for finding in rebound(with_value(TREE, path, node))[1]}
            assert codes <= {"SPEC001"}, (path, text)


def faulty(project: Path) -> set[str]:
    """The files that the compiler finds an error in, before any policy judges."""
    loaded = load(project, SECTIONS)
    findings = (*loaded.findings, *resolve(project, loaded)[1])
    return {place(finding) for finding in findings if finding.severity is Severity.ERROR}


def place(finding: Finding) -> str:
    return finding.span.source.path if finding.span else finding.path


_read = cache(read)
"""What an editor reads in a text, which nobody changes."""


def compiled(path: Keys, text: str) -> bool:
    """Say whether the models take a text at a path of the resolved specification."""
    node, _ = yaml.parse(Source("test.yaml", text))
    return node is not None and takes(with_value(TREE, path, node), path)


def choices(schema: Document) -> list[str]:
    """The texts that a schema names, and a list of each where they are entries."""
    return [*schema.get("enum", ()), *(json.dumps([choice]) for choice in schema.get("items", {}).get("enum", ()))]
