"""The docstrings of fields are those that pydantic would read itself, which would take every command longer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from compiler.model.base import Model
from compiler.model.docstrings import attribute_docstrings
from compiler.model.specification import Specification


class Ours(Model):
    """A model."""

    first: int
    """What stands first,
    over two lines."""
    second: int
    third: int = 3
    "In single quotes."

    def method(self) -> int:
        """No field's."""
        return self.third


class Below(Ours):
    """A model with a parent."""

    fourth: int
    """What the child adds."""


class Theirs(BaseModel):
    """The same, for pydantic."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: int
    """What stands first,
    over two lines."""
    second: int
    third: int = 3
    "In single quotes."


def test_a_docstring_is_what_pydantic_reads() -> None:
    theirs = {name: field.description for name, field in Theirs.model_fields.items() if field.description}
    assert attribute_docstrings(Ours) == theirs


def test_a_child_has_the_docstrings_of_its_parent() -> None:
    assert attribute_docstrings(Below) == {**attribute_docstrings(Ours), "fourth": "What the child adds."}


def test_a_section_without_docstrings_has_none() -> None:
    assert attribute_docstrings(Specification) == {}
