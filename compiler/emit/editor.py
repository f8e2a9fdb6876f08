"""JSON Schemas for editors, which complete, explain and check the files that people write.

Source: the models and their docstrings. A file names its schema in its first line, for the YAML language server.
Upstream: https://json-schema.org/draft/2020-12 and https://github.com/redhat-developer/yaml-language-server
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from pydantic import TypeAdapter

from compiler.emit.artifact import Artifact, Document
from compiler.emit.serialise import to_json
from compiler.model.acknowledgement import AcknowledgementFile
from compiler.model.docstrings import attribute_docstrings
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import is_model
from compiler.model.specification import Specification
from compiler.model.waiver import WaiverFile
from compiler.resolve.overlay import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

    from compiler.model.base import Model

FOLDER = "schemas"
PATHS = tuple(
    f"{FOLDER}/{name}.json"
    for name in (*Specification.model_fields, "environment", "overlay", "waivers", "acknowledgements")
)
"""The files of the schemas, in their order."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ELSEWHERE = ("$defs", "propertyNames", "title")
_ABOUT_PLACEHOLDERS = (
    f"Values are written in human units; ``{PLACEHOLDER}`` leaves a value to the overlays of each environment."
)
_ABOUT_ENVIRONMENTS = "The clusters that run the specification, the image of the API, and the addresses around them."
_ABOUT_OVERLAYS = (
    "Values of one environment, in the shape of ``spec/``. A key that is left out keeps its value from there; "
    "a list is replaced as a whole."
)
_ABOUT_ACKNOWLEDGEMENTS = "Transitions that one environment makes on purpose, each until it is done."
_ABOUT_WAIVERS = "Findings of policies that one environment accepts, each until a day."


def schemas() -> Mapping[str, Document]:
    """Return the schema of each kind of file by name: each section's, ``environment``, ``overlay`` and more."""
    section, environment, overlay = _Shape(placeholders=True), _Shape(), _Shape(partial=True)
    found = {
        name: _document(_heading(field.annotation), _ABOUT_PLACEHOLDERS, section.mapping(Specification, only=name))
        for name, field in Specification.model_fields.items()
    }
    found["environment"] = _document("An environment", _ABOUT_ENVIRONMENTS, environment.mapping(EnvironmentFile))
    found["overlay"] = _document("An overlay", _ABOUT_OVERLAYS, overlay.mapping(Specification))
    found["waivers"] = _document("Waivers", _ABOUT_WAIVERS, environment.mapping(WaiverFile))
    found["acknowledgements"] = _document(
        "Acknowledgements", _ABOUT_ACKNOWLEDGEMENTS, environment.mapping(AcknowledgementFile)
    )
    return found


@cache
def editor_artifacts() -> tuple[Artifact, ...]:
    """Return every schema as the file ``schemas/<name>.json``; they depend on no project."""
    return tuple(Artifact(path, to_json(schema)) for path, schema in zip(PATHS, schemas().values(), strict=True))


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of file: whether it may hold placeholders instead of values, and whether it may leave out keys."""

    placeholders: bool = False
    partial: bool = False

    def mapping(self, model: type[Model], section: str = "", only: str = "") -> dict[str, Any]:
        """Return the schema of a mapping with the fields of a model as keys, or ``only`` one of them, in a section."""
        fields = {name: field for name, field in model.model_fields.items() if only in ("", name)}
        required = [name for name, field in fields.items() if field.is_required() and not self.partial]
        about = attribute_docstrings(model)
        return {
            "type": "object",
            "properties": {
                name: self._field(
                    field, about.get(name), section or _heading(field.annotation if model is Specification else model)
                )
                for name, field in fields.items()
            },
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def _field(self, field: FieldInfo, docstring: str | None, section: str) -> dict[str, Any]:
        """Return the schema of a key's value, described by the field's docstring and then by its type's."""
        schema = self._value(field.annotation, section, field.metadata)
        if self.placeholders and schema.get("type") != "object":
            schema = _or_placeholder(schema)
        form = schema.pop("description", "")
        schema.pop("markdownDescription", None)
        return {**_about(_prose(docstring), form, section, schema), **schema}

    def _value(self, annotation: Any, section: str, metadata: Iterable[object] = ()) -> dict[str, Any]:
        """Return pydantic's schema of a type, with the models in it written out in place."""
        if is_model(annotation):
            shape = self.mapping(annotation, section)
            return {**_about(_prose(inspect.getdoc(annotation)), "", section, shape), **shape}
        below = get_args(annotation)
        if NoneType in below:  # a key that may be left out: no written text is null
            return self._value(below[0], section)
        schema = dict(_plain(annotation, *metadata))
        if get_origin(annotation) is tuple:
            schema["items"] = self._value(below[0], section)
        elif get_origin(annotation) is Mapping:
            schema["patternProperties"] = dict.fromkeys(schema["patternProperties"], self._value(below[1], section))
            schema["additionalProperties"] = False
        return schema


@cache
def _plain(annotation: Any, *metadata: object) -> Mapping[str, Any]:
    """Return pydantic's schema of a type without the keywords in ``_ELSEWHERE``, and with its choices as a list.

    The cache pays: many keys share few types, and an overlay has the keys of all sections.
    """
    annotated: Any = Annotated
    adapter = TypeAdapter[Any](annotated[annotation, *metadata] if metadata else annotation)
    schema = {key: value for key, value in adapter.json_schema().items() if key not in _ELSEWHERE}
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    return schema


def _or_placeholder(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a value's schema extended to accept a placeholder, too."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], PLACEHOLDER]}
    types = schema["type"] if "string" in schema["type"] else [schema["type"], "string"]
    pattern = "|".join(filter(None, (schema.get("pattern"), f"^{PLACEHOLDER}$")))
    return {**schema, "type": types, "pattern": pattern}


def _document(title: str, about: str, shape: dict[str, Any]) -> Document:
    return {"$schema": DIALECT, "title": title, "description": about, "markdownDescription": _markdown(about), **shape}


def _heading(model: object) -> str:
    """Return the section's heading in the document: the start of the docstring of the model's module."""
    module = sys.modules[getattr(model, "__module__", "")]
    return (module.__doc__ or "").split(":")[0]


def _about(purpose: str, form: str, section: str, schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the description of a key, its purpose and its value's form, as plain text and as Markdown."""
    plain = "\n\n".join(filter(None, (purpose, form)))
    head, value = (plain, "") if _holds_keys(schema) else (purpose, " ".join(form.split()))
    facts = {"Section": section, "Value": value, "Example": _example(schema)}
    lines = "  \n".join(f"*{name}:* {text}" for name, text in facts.items() if text)
    return {"description": plain, "markdownDescription": _markdown(f"{head}\n\n{lines}")}


def _markdown(text: str) -> str:
    """Return a docstring's text with code marked as in Markdown."""
    return text.replace("``", "`")


def _holds_keys(schema: Mapping[str, Any]) -> bool:
    return "object" in schema.get("items", schema)["type"]


def _example(schema: Mapping[str, Any]) -> str:
    """Return valid values, as code; entries for a list; nothing for a mapping, or for a text of several lines."""
    if _holds_keys(schema):
        return ""
    entry = schema.get("items", schema)
    shown = entry.get("examples") or entry.get("enum") or (["true"] if "boolean" in entry["type"] else None)
    least = [entry["minimum"]] if "minimum" in entry else []
    return ", ".join(f"`{value}`" for value in shown or least if value != PLACEHOLDER)


def _prose(docstring: str | None) -> str:
    """Return a docstring with each paragraph on one line, as an editor shows it."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (docstring or "").split("\n\n"))
