"""Objects of custom kinds are judged by the folder that the user names; whatever is wrong with it is never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit.artifact import Artifact
from compiler.schemas.custom import CustomSchemas
from compiler.schemas.definitions import definitions
from compiler.schemas.errors import SchemaError
from tests.compiler.schemas.crd import FILE, artifact, as_yaml, crd, widget

if TYPE_CHECKING:
    from pathlib import Path

NAME = "example.com/v1/Widget"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema path with the schema of one kind."""
    spec = {"type": "object", "properties": {"size": {"type": "integer"}}}
    (schema,) = definitions("here", as_yaml(crd(spec)))
    (tmp_path / "example.com").mkdir()
    (tmp_path / FILE).write_bytes(schema.content)
    return tmp_path


def test_an_object_that_its_schema_describes_passes_and_is_no_longer_listed(folder: Path) -> None:
    schemas, good = CustomSchemas(folder), artifact(widget({"size": 1}))
    assert schemas.check([good]) == ()
    assert schemas.unchecked([good]) == {}


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (widget({"size": "1"}), "/spec/size"),
        (widget({"sizes": 1}), "/spec"),
        (widget({}, labels={"a": 1}), "/metadata/labels/a"),
        (widget({}, owner="me"), "/metadata"),
        ({key: value for key, value in widget({}).items() if key != "spec"}, "/"),
    ],
)
def test_what_a_schema_refuses_is_a_finding_at_the_generated_file(
    folder: Path, document: dict[str, object], pointer: str
) -> None:
    (finding,) = CustomSchemas(folder).check([artifact(document)])
    assert (finding.code, finding.path) == ("SCHEMA001", "generated/somewhere/widget-a.yaml")
    assert finding.message.endswith(f" at {pointer}")


def test_a_kind_without_a_schema_is_listed_and_an_error_where_schemas_are_required(folder: Path) -> None:
    other = artifact({**widget({}), "apiVersion": "example.com/v2"})
    for schemas in (CustomSchemas(folder), CustomSchemas()):
        assert schemas.check([other]) == ()
        assert schemas.unchecked([other]) == {"example.com/v2/Widget": other}
        assert schemas.absent({"example.com/v2/Widget": other}) == ()
    (finding,) = CustomSchemas(folder, required=True).absent({"example.com/v2/Widget": other})
    assert (finding.code, finding.path) == ("SCHEMA003", "generated/somewhere/widget-a.yaml")
    assert "example.com/v2/Widget" in finding.message


def test_kinds_are_listed_in_order_and_kubernetes_own_kinds_and_data_never() -> None:
    files = [
        artifact({"apiVersion": "z.example/v1", "kind": "A"}),
        artifact(widget({})),
        artifact({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}),
        artifact({"version": 1}),
        Artifact("x", b""),
    ]
    assert list(CustomSchemas().unchecked(files)) == [NAME, "z.example/v1/A"]


def test_a_schema_is_read_for_the_first_object_of_its_kind_and_no_more(folder: Path) -> None:
    (folder / "example.com/other_v1.json").write_text("broken")
    schemas = CustomSchemas(folder)
    assert schemas.check([artifact(widget({}))]) == ()
    (folder / FILE).unlink()
    assert schemas.check([artifact(widget({"size": 1}))]) == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "this is not a strict schema"),
        ("{", "this is not a strict schema"),
        ("[]", "it accepts unknown fields"),
        ("true", "it accepts unknown fields"),
        ('{"type": "object", "properties": {}}', "it accepts unknown fields"),
        ('{"additionalProperties": false, "properties": {"a": {"type": "text"}}}', "this is not a strict schema"),
    ],
)
def test_a_file_that_is_no_strict_schema_ends_the_run(folder: Path, content: str, why: str) -> None:
    (folder / FILE).write_text(content)
    with pytest.raises(SchemaError) as caught:
        CustomSchemas(folder).check([artifact(widget({}))])
    message = str(caught.value)
    assert message.startswith(f"{folder / FILE}: ")
    assert why in message
    assert message.endswith("write it again with cbp schemas add")


def test_a_folder_that_is_gone_or_a_file_that_cannot_be_read_ends_the_run(folder: Path) -> None:
    with pytest.raises(SchemaError, match="there is no such folder"):
        CustomSchemas(folder / "nowhere").unchecked([artifact(widget({}))])
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    with pytest.raises(SchemaError, match="Is a directory"):
        CustomSchemas(folder).check([artifact(widget({}))])
