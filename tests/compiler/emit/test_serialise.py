"""Documents become bytes canonically, and every parser reads them back as the same documents."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.emit.block_yaml import UnusualError, block
from compiler.emit.serialise import dumped, to_json, to_yaml
from compiler.lineage.experiment import artifacts
from tests.compiler.project import ROOT, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.resolve.resolved import Resolved

# What one parser of YAML or another takes for something other than text, or trips over.
WORDS = r"""
y n yes no on off true false True NO null Null ~ = << nan NaN .nan inf .inf -.INF 1 -1 +1 1.0 .5 5. 1e3 12e4 1E5
0x1f 0o7 0b1 012 1_000 1:30 190:20:30 2024-01-01 2024-01-01T00:00:00Z 1.35 v1.35 720h 100m 571m 4Gi 1,000
- -- --- ... ? : & * ! | > % @ ` # , [ ] { } [a] {a} &a *a !a |x >x %x @x `x #x -x ?x :x a: a:b a#b \ \n ' " 'a' "a"
"""
AMBIGUOUS = WORDS.split()
LINES = [
    "a\n",
    "\na",
    "a\nb",
    "a\n b\n",
    " a\nb",
    "a\n\n\nb\n\n",
    "a \nb",
    "a\r\nb",
    "\r",
    "\x85",
    "\u2028",
    "a\tb",
    "\t",
]
SPACES = ["", " ", "  ", " a", "a ", "a: b", "a #b", "- a", "? a", "word " * 1000]
UNUSUAL = ["\ufeff", "\x00", "\x7f", "é", "\N{PILE OF POO}", "x" * 5000]
TEXTS = AMBIGUOUS + LINES + SPACES + UNUSUAL

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(TEXTS),
)
texts = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(codec="utf-8"), max_size=10))
documents = st.dictionaries(
    texts,
    st.recursive(
        scalars,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(documents)
def test_any_document_is_read_back_as_it_was(document: dict[str, object]) -> None:
    written = to_yaml(document, "A header.")
    assert yaml.safe_load(written) == document
    assert to_yaml(document, "A header.") == written
    assert json.loads(to_json(document)) == document


@settings(max_examples=200, deadline=None)
@given(documents)
def test_the_writer_gives_the_bytes_of_the_emitter_of_pyyaml(document: dict[str, object]) -> None:
    with suppress(UnusualError):
        assert block(document, dumped) == dumped(document)


@pytest.mark.parametrize("environment", resolved().values(), ids=resolved())
def test_no_document_of_the_compiler_needs_the_slow_writer(environment: Resolved) -> None:
    for artifact in artifacts(environment):
        if artifact.document is not None:
            assert block(orjson.loads(orjson.dumps(artifact.document)), dumped) == dumped(artifact.document)


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_no_text_is_left_bare_that_a_parser_could_take_for_something_else(text: str) -> None:
    bare = {"-x", "--", "a:b", "a#b", "v1.35", "\\", "\\n", "?x", ":x", "<<"}
    (line,) = to_yaml({"k": text}, "").decode().splitlines()
    value = line.removeprefix("k: ")
    assert value[0] in "'\"" or text in bare, value


def test_the_parser_of_kubernetes_reads_every_text_as_text(tmp_path: Path) -> None:
    """kubectl's kustomize decodes with Go's YAML, whose numbers and words are not those of Python's."""
    # PyYAML does not read these where Go writes them bare; the last two may be in no ConfigMap at all.
    unreadable = {"=", "<<", "\x85", "\x00", "\x7f"}
    texts = [text for text in TEXTS if text not in unreadable]
    data = {f"k{number}": text for number, text in enumerate(texts)}
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "labels": {"y": "no"}},
        "data": data,
    }
    (tmp_path / "x.yaml").write_bytes(to_yaml(config_map, "x"))
    (tmp_path / "kustomization.yaml").write_bytes(to_yaml({"resources": ["x.yaml"]}, "x"))
    built = subprocess.run([ROOT / ".venv/bin/kubectl", "kustomize", tmp_path], capture_output=True, check=True)
    assert yaml.safe_load(built.stdout) == config_map


def test_the_form_is_one_and_the_same() -> None:
    document = {"b": 1, "a": ["x", {"c": "no", "d": "1\n2\n"}], "e": [], "f": {}, "g": None, "h": True}
    assert to_yaml(document, "One.\nTwo.").decode() == (
        '# One.\n# Two.\nb: 1\na:\n- x\n- c: "no"\n  d: |\n    1\n    2\ne: []\nf: {}\ng: null\nh: true\n'
    )
    assert to_json({"b": 1, "a": "é"}) == '{\n  "b": 1,\n  "a": "é"\n}\n'.encode()


def test_a_document_that_holds_a_part_twice_is_written_out_twice() -> None:
    part = {"x": "1"}
    assert b"&" not in to_yaml({"a": part, "b": part}, "")
