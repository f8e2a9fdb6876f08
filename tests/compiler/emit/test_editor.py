"""The schemas for editors are valid, explain every key, and are named by the files that they are meant for."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import jsonschema
import jsonschema_rs
import pytest
from markdown_it import MarkdownIt

from compiler.emit.editor import editor_artifacts
from compiler.model.docstrings import attribute_docstrings
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import SECTIONS, Specification
from compiler.model.waiver import WaiverFile
from compiler.resolve.overlay import PLACEHOLDER
from tests.compiler.editor import SCHEMAS, accepts, nodes, schema_of, validator, values, written
from tests.compiler.project import FROZEN

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.model.base import Model


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_valid_one_of_draft_2020_12(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    jsonschema_rs.Draft202012Validator(dict(SCHEMAS[name]))  # reads every pattern as ECMA-262 means it


def test_there_is_one_schema_for_each_section_and_each_kind_of_file_of_an_environment() -> None:
    assert [*SCHEMAS] == [*SECTIONS, "environment", "overlay", "waivers", "acknowledgements"]
    assert {artifact.path for artifact in editor_artifacts()} == {f"schemas/{name}.json" for name in SCHEMAS}


@pytest.mark.parametrize("path", written(FROZEN))
def test_a_file_names_its_schema_in_its_first_line_and_satisfies_it(path: str) -> None:
    assert named(FROZEN, path) == FROZEN / f"generated/schemas/{schema_of(path)}.json"
    assert accepts(FROZEN, path)


@pytest.mark.parametrize("name", SCHEMAS)
def test_everything_that_can_be_written_says_what_it_is(name: str) -> None:
    for path, schema in nodes(SCHEMAS[name]):
        assert schema["description"], path
        assert "\n" not in schema["description"].replace("\n\n", ""), path


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hover_says_in_markdown_all_that_the_description_says(name: str) -> None:
    for path, schema in nodes(SCHEMAS[name]):
        shown = html.unescape(re.sub(r"<[^>]*>", "", MarkdownIt().render(schema["markdownDescription"])))
        said = schema["description"].replace("``", "").split()
        assert set(said) <= set(shown.split()), path


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hover_names_the_section_and_gives_an_example_of_every_value(name: str) -> None:
    title = SCHEMAS[name]["title"]
    for path, schema in values(SCHEMAS[name]):
        hover = schema["markdownDescription"]
        assert f"\n\n*Section:* {SCHEMAS[str(path[0])]['title'] if name == 'overlay' else title}" in hover, path
        # An example of certificates would say nothing, on many lines.
        assert re.search(r"  \n\*Example:\* `\S", hover) or str(path[-1]).endswith("ca_bundle"), path


@pytest.mark.parametrize(
    ("name", "model"), [("environment", EnvironmentFile), ("overlay", Specification), ("waivers", WaiverFile)]
)
def test_every_value_is_explained_by_the_docstring_of_its_field(name: str, model: type[Model]) -> None:
    for path, schema in values(SCHEMAS[name]):
        docstring = attribute_docstrings(annotation_at(model, path[:-1])).get(str(path[-1]))
        assert docstring, path
        assert schema["description"].startswith(" ".join(docstring.split())), path


def test_a_placeholder_may_stand_for_any_value_of_a_section_and_for_none_of_an_overlay() -> None:
    for section in SECTIONS:
        for path, schema in values(SCHEMAS[section]):
            value = jsonschema.Draft202012Validator(schema)
            assert value.is_valid(PLACEHOLDER), path
            assert not any(map(value.is_valid, (f"{PLACEHOLDER}s", f"un{PLACEHOLDER}", [PLACEHOLDER]))), path
    for path, schema in values(SCHEMAS["overlay"]):
        assert not jsonschema.Draft202012Validator(schema).is_valid(PLACEHOLDER), path


def test_an_overlay_may_leave_out_any_key_and_a_section_none() -> None:
    overlay = validator("overlay")
    assert overlay.is_valid({})
    assert overlay.is_valid({section: {} for section in SECTIONS})
    assert not overlay.is_valid({"limit": {}})
    assert not overlay.is_valid(None)
    for section in SECTIONS:
        assert not validator(section).is_valid({section: {}})
        assert not validator(section).is_valid({})


def named(root: Path, path: str) -> Path | None:
    """Return the schema that a file names in its first line."""
    first = (root / path).read_text().split("\n")[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    return ((root / path).parent / found[1]).resolve() if found else None
