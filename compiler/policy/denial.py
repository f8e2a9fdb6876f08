"""The answer of a rule: a list of denials, and the number of values that it examined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError, model_validator

from compiler.diagnostics import Rendered
from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from compiler.model.acknowledgement import AcknowledgementKey


Path = Annotated[tuple[StrictStr | StrictInt, ...], Field(min_length=1)]


class Denial(BaseModel):
    """One denial of a rule.

    ``path`` leads to the value of the specification that an author should edit: a section's name, or ``environment``,
    and the keys below it. ``wanted`` is the correct value, as the specification writes it. ``places`` are the paths of
    all statements of a relation that does not hold, in the order in which they should follow an edit of another one;
    ``given`` are those of its statements that no other moves, such as the stage of an environment. ``excess`` is a
    number that falls to 0 or below as the relation begins to hold. ``file`` and ``pointer`` (RFC 6901) locate the
    denied value in a rendered document, if there is one. ``before`` and ``after`` are the values of a transition.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: StrictStr
    message: Annotated[StrictStr, Field(min_length=1)]
    path: Path
    places: tuple[Path, ...] = ()
    given: tuple[Path, ...] = ()
    excess: Annotated[StrictInt, Field(gt=0)] | None = None
    wanted: StrictStr | None = None
    file: StrictStr | None = None
    pointer: StrictStr | None = None
    before: StrictStr | None = None
    after: StrictStr | None = None

    @model_validator(mode="after")
    def _excess_of_a_relation(self) -> Denial:
        if self.places and self.path not in self.places:
            raise ValueError("the path is not one of the places")
        if (self.excess is not None or self.given) and not self.places:
            raise ValueError("there are no places that could mend the relation")
        return self

    @property
    def resource(self) -> str:
        """The path as text, joined by dots."""
        return dotted(self.path)

    @property
    def participants(self) -> tuple[Path, ...]:
        """The paths of the relation's statements, the one at ``path`` first."""
        return tuple(dict.fromkeys((self.path, *self.places, *self.given))) if self.places else ()

    @property
    def relation(self) -> tuple[frozenset[Path], str | None, str | None]:
        """The identity of the relation: its statements, and the place in a rendered document."""
        return frozenset(self.participants), self.file, self.pointer

    @property
    def transition(self) -> AcknowledgementKey:
        """The identity of the transition, which an acknowledgement names."""
        return self.id, self.file, self.pointer, self.before, self.after

    @property
    def rendered(self) -> tuple[Rendered, ...]:
        """The place in a rendered document, or none."""
        return (Rendered(self.file, self.pointer or ""),) if self.file else ()


def dotted(path: Path) -> str:
    """Return a path as text, joined by dots."""
    return ".".join(map(str, path))


class Answer(BaseModel):
    """The answer of one rule for one input."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    denials: tuple[Denial, ...]
    examined: Annotated[StrictInt, Field(ge=0)]


def answer(rule: str, value: Any) -> Answer:
    """Return a rule's answer after validating its shape.

    Raises:
        PolicyError: the answer is malformed, or denies under another rule's id.
    """
    try:
        parsed = Answer.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        said = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults)
        raise PolicyError(f"the answer of {rule} is not a list of denials: {said}") from error
    for denial in parsed.denials:
        if denial.id != rule:
            raise PolicyError(f"the policy {rule} denies under the id '{denial.id}'")
    return parsed
