"""What a validator checks, said in JSON Schema, for an editor, which cannot run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler, JsonValue
    from pydantic_core import CoreSchema


class Keywords:
    """Keywords of JSON Schema that stand beside a validator in ``Annotated`` and replace those that pydantic finds.

    An editor reads YAML's implicit types, where the models read the text as it is written: ``type`` lists both.
    """

    def __init__(self, **keywords: JsonValue) -> None:
        self._keywords = keywords

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JsonValue]:
        return {**handler(core), **self._keywords}


def spelt(pattern: str, description: str, advice: str, **keywords: JsonValue) -> dict[str, JsonValue]:
    """Return the keywords of a value of which a text matches the whole of a pattern.

    ``description`` is what an editor shows of it, ``advice`` what it says of a text that does not match (a keyword of
    VS Code and of the YAML language server, which others leave out). The pattern means the same to Python and to
    ECMA-262.
    """
    return {
        "type": "string",
        "pattern": f"^(?:{pattern})$",
        "patternErrorMessage": advice,
        "description": description,
        **keywords,
    }
