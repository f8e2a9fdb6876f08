"""Keywords of JSON Schema that tell an editor the checks of a validator, which it cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler, JsonValue
    from pydantic_core import CoreSchema


class Keywords:
    """Keywords of JSON Schema that stand beside a validator in ``Annotated`` and replace those that pydantic finds.

    An editor applies YAML's implicit types, but the models read the text as it is written: ``type`` lists both.
    """

    def __init__(self, **keywords: JsonValue) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JsonValue]:
        return {**handler(core), **self._keywords}


def spelt(pattern: str, description: str, advice: str, **keywords: JsonValue) -> dict[str, JsonValue]:
    """Return the keywords of a text that has to match the whole of a pattern.

    An editor shows ``description`` for the value, and ``advice`` for a text that does not match (a keyword of VS Code
    and of the YAML language server, which others ignore). The pattern means the same to Python and to ECMA-262.
    """
    return {
        "type": "string",
        "pattern": f"^(?:{pattern})$",
        "patternErrorMessage": advice,
        "description": description,
        **keywords,
    }
