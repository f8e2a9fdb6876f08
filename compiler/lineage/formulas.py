"""Formulas: expressions over statements, and the numbers and texts that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from compiler.model.units import Bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from compiler.sources.nodes import Path


@dataclass(frozen=True, slots=True)
class Operand:
    """A statement in a formula: its path, its text in the specification, and its number in the unit's base."""

    path: Path
    text: str
    value: int
    unit: str = ""
    """The unit of the number, where the text has another one: ``8 cores`` is computed with as 8000 millicores."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of the emitter's own, as it is printed."""

    text: str
    value: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: ``+``, ``-``, ``*``, ``%``, or one of ``floor``, ``ceil`` (of a quotient), ``max``, ``min``."""

    symbol: str
    arguments: tuple[Expression, ...]


Expression = Operand | Constant | Operation

_OPERATIONS: Mapping[str, Callable[[Sequence[int]], int]] = {
    "+": sum,
    "-": lambda of: of[0] - of[1] if of[1:] else -of[0],
    "*": lambda of: of[0] * of[1],
    "%": lambda of: of[0] % of[1],
    "floor": lambda of: of[0] // of[1],
    "ceil": lambda of: -(-of[0] // of[1]),
    "max": max,
    "min": min,
}
_MEBIBYTE = 1024**2
_MILLICORES = "millicores"
_LOOSE = ("+", "-")
_TIGHT = ("*", "%")


def evaluated(formula: Expression, numbers: Mapping[Path, int]) -> int:
    """Return the value of a formula with other numbers for its statements; one that is left out keeps its own."""
    if isinstance(formula, Operand):
        return numbers.get(formula.path, formula.value)
    if isinstance(formula, Constant):
        return formula.value
    return _OPERATIONS[formula.symbol]([evaluated(item, numbers) for item in formula.arguments])


def operands(formula: Expression) -> dict[Path, Operand]:
    """Return the statements of a formula by their paths, in its order."""
    if isinstance(formula, Operand):
        return {formula.path: formula}
    found: dict[Path, Operand] = {}
    for item in formula.arguments if isinstance(formula, Operation) else ():
        found.update(operands(item))
    return found


def short_names(paths: Iterable[Path]) -> Mapping[Path, str]:
    """Return the shortest ends of paths, of two keys or more, that tell them apart."""
    every = list(paths)
    length = 2
    while len({path[-length:] for path in every}) < len(every):
        length += 1
    return {path: ".".join(map(str, path[-length:])) for path in every}


def written(formula: Expression, shown: Callable[[Operand], str]) -> str:
    """Return a formula as text, with each statement as ``shown`` shows it: ``2 * (max + 1)``, ``floor(size / 10)``."""
    if isinstance(formula, Operand):
        return shown(formula)
    if isinstance(formula, Constant):
        return formula.text
    symbol, of = formula.symbol, formula.arguments
    if symbol in ("max", "min"):
        return f"{symbol}({', '.join(written(item, shown) for item in of)})"
    if symbol in ("floor", "ceil"):
        return f"{symbol}({_enclosed(of[0], shown, _LOOSE)} / {_enclosed(of[1], shown, (*_LOOSE, *_TIGHT))})"
    if not of[1:]:
        return f"-{_enclosed(of[0], shown, (*_LOOSE, *_TIGHT))}"
    first = () if symbol in _LOOSE else _LOOSE
    later = () if symbol == "+" else _LOOSE if symbol in ("-", "*") else (*_LOOSE, *_TIGHT)
    return f"{_enclosed(of[0], shown, first)} {symbol} {_enclosed(of[1], shown, later)}"


def _enclosed(formula: Expression, shown: Callable[[Operand], str], symbols: Sequence[str]) -> str:
    text = written(formula, shown)
    return f"({text})" if isinstance(formula, Operation) and formula.symbol in symbols else text


class Traced(int):
    """An integer that carries its formula, and passes it on in arithmetic. Comparisons see the integer alone."""

    formula: Expression

    def __new__(cls, value: int, formula: Expression) -> Self:
        """Return a number with a formula."""
        number = super().__new__(cls, value)
        number.formula = formula
        return number

    def __str__(self) -> str:
        return TracedText(int.__repr__(self), self.formula)

    def __neg__(self) -> Traced:
        of = self.formula
        if _negative(of):
            (inside,) = _arguments(of)
            return Traced(-int(self), inside)
        if isinstance(of, Operation) and of.symbol == "floor" and _negative(of.arguments[0]):
            inner = of.arguments[0]
            return Traced(-int(self), Operation("ceil", (*_arguments(inner), of.arguments[1])))
        return Traced(-int(self), Operation("-", (of,)))

    def __add__(self, other: int) -> Any:
        return _computed("+", self, other)

    def __radd__(self, other: int) -> Any:
        return self if other == 0 else _computed("+", other, self)

    def __sub__(self, other: int) -> Any:
        return _computed("-", self, other)

    def __rsub__(self, other: int) -> Any:
        return _computed("-", other, self)

    def __mul__(self, other: int) -> Any:
        return _computed("*", self, other)

    def __rmul__(self, other: int) -> Any:
        return _computed("*", other, self)

    def __floordiv__(self, other: int) -> Any:
        return _computed("floor", self, other)

    def __rfloordiv__(self, other: int) -> Any:
        return _computed("floor", other, self)

    def __mod__(self, other: int) -> Any:
        return _computed("%", self, other)

    def __rmod__(self, other: int) -> Any:
        return _computed("%", other, self)

    def __divmod__(self, other: int) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: int) -> Any:
        return other // self, other % self


class TracedText(str):
    """The text of a number, with the number's formula."""

    __slots__ = ("formula",)
    formula: Expression

    def __new__(cls, text: str, formula: Expression) -> Self:
        """Return a text with a formula."""
        found = super().__new__(cls, text)
        found.formula = formula
        return found


def formula_of(value: object) -> Expression | None:
    """Return the formula that a number or a text carries; None for any other value."""
    return value.formula if isinstance(value, Traced | TracedText) else None


def expression(value: int) -> Expression:
    """Return the formula of a number; a plain one is a constant, written as an amount where it is one of mebibytes."""
    if isinstance(value, Traced):
        return value.formula
    text = str(Bytes(value)) if value and value % _MEBIBYTE == 0 else str(value)
    return Constant(text, int(value))


def _computed(symbol: str, one: int, other: int) -> Any:
    if not isinstance(one, int) or not isinstance(other, int):
        return NotImplemented
    if symbol in ("*", "floor") and isinstance(one, Traced) and not isinstance(other, Traced) and other == 1:
        return one
    value = _OPERATIONS[symbol]([int(one), int(other)])
    of: tuple[Expression, ...] = expression(one), expression(other)
    if symbol in _LOOSE and _MILLICORES in map(_unit, of):  # what is added to cores is cores
        of = tuple(Constant(f"{item.value}m", item.value) if isinstance(item, Constant) else item for item in of)
    return Traced(value, Operation(symbol, of))


def _unit(formula: Expression) -> str:
    """Return the unit of a formula's number; a quotient has none."""
    if isinstance(formula, Operand):
        return formula.unit
    keeps = isinstance(formula, Operation) and formula.symbol in (*_LOOSE, "*", "max", "min")
    return next(filter(None, map(_unit, _arguments(formula))), "") if keeps else ""


def _negative(formula: Expression) -> bool:
    return isinstance(formula, Operation) and formula.symbol == "-" and not formula.arguments[1:]


def _arguments(formula: Expression) -> Iterator[Expression]:
    if isinstance(formula, Operation):
        yield from formula.arguments
