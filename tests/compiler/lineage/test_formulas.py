"""Numbers carry their formulas through arithmetic, and a formula computes what the number is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.lineage.formulas import Operand, Traced, TracedText, evaluated, expression, formula_of, operands, written
from compiler.model.units import Bytes, Cores, Duration, Percent

if TYPE_CHECKING:
    from collections.abc import Callable

_A, _B = ("s", "a"), ("s", "b")


def _traced(a: int, b: int) -> tuple[Traced, Traced]:
    return Traced(a, Operand(_A, str(a), a)), Traced(b, Operand(_B, str(b), b))


def _written(number: int) -> str:
    return written(expression(number), lambda operand: str(operand.path[-1]))


@pytest.mark.parametrize(
    ("compute", "formula"),
    [
        (lambda a, b: a + b * 2, "a + b * 2"),
        (lambda a, b: (a + b) * 2, "(a + b) * 2"),
        (lambda a, b: 3 - (a - b), "3 - (a - b)"),
        (lambda a, b: a // (b + 1), "floor(a / (b + 1))"),
        (lambda a, b: -(-a // b), "ceil(a / b)"),
        (lambda a, _: -(-a // 1), "a"),
        (lambda a, b: sum((a, b)), "a + b"),
        (lambda a, b: divmod(a, b)[1], "a % b"),
        (lambda a, b: -(a + b), "-(a + b)"),
        (lambda a, _: Bytes(1024**3).count * a, "1GB * a"),
        (lambda a, b: (Cores(a) * b + Cores(500)).millicores, "a * b + 500"),
        (lambda a, b: Bytes(a).share(Percent(b)).count, "floor(a * b / 100)"),
        (lambda a, b: (Duration(a) + Duration(b) // 2).seconds, "a + floor(b / 2)"),
    ],
)
def test_arithmetic_of_numbers_and_units_passes_a_formula_on(compute: Callable[[int, int], int], formula: str) -> None:
    assert _written(compute(*_traced(8, 2))) == formula


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_a_formula_computes_for_other_operands_what_the_arithmetic_does(a: int, b: int, c: int, d: int) -> None:
    def compute(one: int, other: int) -> int:
        return -(-(one * 3 + other) // other) - (one - other) % 7 + sum((one, other)) // 2

    number = compute(*_traced(a, b))
    assert number == compute(a, b)
    assert evaluated(expression(number), {}) == number
    assert evaluated(expression(number), {_A: c, _B: d}) == compute(c, d)
    assert set(operands(expression(number))) == {_A, _B}


def test_the_text_of_a_number_has_its_formula_and_is_a_text() -> None:
    a, _ = _traced(8, 2)
    text = str(a + 1)
    assert text == "9"
    assert isinstance(text, TracedText)
    assert formula_of(text) == expression(a + 1)
    assert formula_of("9") is formula_of(9) is None
