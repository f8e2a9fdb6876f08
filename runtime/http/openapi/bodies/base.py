"""The types of single members, and the classes that all bodies are made from."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel

from runtime.domain.names import KEY
from runtime.http.openapi.fields import KEY_NAME, NAMESPACE_NAME, TAG, TAGS, VERSION

Namespace = Annotated[str, Field(pattern=NAMESPACE_NAME["pattern"], examples=["payments"])]
Key = Annotated[str, Field(pattern=KEY_NAME["pattern"], examples=["limits"])]
KeyOrDefinition = Annotated[
    str,
    Field(
        pattern=f"^(?:{KEY.pattern})?$",
        description="The key of an entry; empty for the definition of the namespace.",
        examples=["limits"],
    ),
]
Version = Annotated[str, Field(pattern=VERSION["pattern"], examples=[TAG])]
Next = Annotated[Version | None, Field(description="The value of `before` for the next page; null on the last one.")]
Link = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="A SHA-256, in hexadecimal digits.")]
Revision = Annotated[int, Field(ge=0, description="Counts the changes of the history, from 1.", examples=[1])]
Tag = Annotated[str, Field(description="An ETag, quotes included.", examples=[f'"{TAG}"'])]
Tags = Annotated[str | None, Field(pattern=TAGS, description="As the header of the same name.")]
Values = Annotated[
    dict[str, Any], Field(description="The values by key.", json_schema_extra={"propertyNames": dict(KEY_NAME)})
]
Value = Annotated[Any, Field(description="Any JSON document; numbers keep every digit.", examples=[{"daily": 5000}])]


T = TypeVar("T")


class Body(BaseModel):
    """An object with the members that are named, and no others.

    It is described, and validates nothing: what pydantic makes of a model is made when the description is asked for.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Root(RootModel[T], Generic[T]):
    """A body that is no object of its own: one of several, or a mapping."""

    model_config = ConfigDict(defer_build=True)
