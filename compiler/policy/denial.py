"""What a rule answers, checked: a list of denials and the number of things that it looked at."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from compiler.policy.errors import PolicyError


class Denial(BaseModel):
    """One thing that a rule denies.

    ``path`` leads to the value of the specification that an author should edit: a section's name, or ``environment``,
    and the keys below it. ``file`` and ``pointer`` (RFC 6901) are the place in a rendered document, where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: StrictStr
    message: Annotated[StrictStr, Field(min_length=1)]
    path: Annotated[tuple[StrictStr | StrictInt, ...], Field(min_length=1)]
    file: StrictStr | None = None
    pointer: StrictStr | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Where else to look."""
        if self.file is None:
            return ()
        return (f"rendered in {self.file}" + (f", at {self.pointer}" if self.pointer else ""),)


class Answer(BaseModel):
    """One rule's answer for one input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    denials: tuple[Denial, ...]
    examined: Annotated[StrictInt, Field(ge=0)]


def answer(rule: str, value: Any) -> Answer:
    """Return a rule's answer.

    Raises:
        PolicyError: it is not well formed, or denies under another rule's id.
    """
    try:
        parsed = Answer.model_validate(value)
    except ValidationError as error:
        raise PolicyError(f"the answer of {rule} is not a list of denials: {error}") from error
    for denial in parsed.denials:
        if denial.id != rule:
            raise PolicyError(f"the policy {rule} denies under the id '{denial.id}'")
    return parsed
