"""A recorded model says which of its values were read, and is the same model otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.lineage.recording import Reads, recorded
from compiler.model.base import Model

if TYPE_CHECKING:
    from collections.abc import Callable


class _Inner(Model):
    words: tuple[str, ...]
    number: int

    @property
    def twice(self) -> int:
        return 2 * self.number


class _Outer(Model):
    inner: _Inner
    name: str


def _recorded() -> tuple[_Outer, Reads]:
    reads = Reads()
    return recorded(_Outer(inner=_Inner(words=("a", "b"), number=4), name="x"), reads), reads


def test_making_the_copy_and_passing_through_a_part_reads_nothing() -> None:
    outer, reads = _recorded()
    assert isinstance(outer.inner, _Inner)
    assert reads.paths == set()


def test_a_value_is_read_directly_and_through_what_its_model_computes() -> None:
    outer, reads = _recorded()
    assert outer.name == "x"
    assert outer.inner.twice == 8
    assert reads.paths == {("name",), ("inner", "number")}


def test_whoever_reads_an_entry_of_a_list_has_read_all_of_it() -> None:
    outer, reads = _recorded()
    assert outer.inner.words[0] == "a"
    assert reads.hold(("inner", "words", 1))
    assert not reads.hold(("inner", "number"))


@pytest.mark.parametrize("use", [_Inner.model_dump, _Inner.model_copy, repr, dict])
def test_what_takes_a_model_as_a_whole_has_read_all_of_it(use: Callable[[_Inner], object]) -> None:
    outer, reads = _recorded()
    use(outer.inner)
    assert reads.hold(("inner", "number"))
    assert not reads.hold(("name",))


def test_a_comparison_of_whole_models_is_refused() -> None:
    outer, _ = _recorded()
    with pytest.raises(TypeError, match="inner is compared as a whole"):
        assert outer.inner == _Inner(words=("a", "b"), number=4)
