"""Files are written all or none, over nothing that is there, and read back as they were judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Source
from compiler.importer.files import TargetError, files, to_yaml, write
from compiler.sources import yaml
from compiler.sources.nodes import KeyValue, MappingNode, Node, ScalarNode, SequenceNode
from compiler.write import journal
from tests.compiler.importer.documents import document, imported
from tests.compiler.project import SOMEWHERE

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = {"a.yaml": b"a: 1\n", "b.yaml": b"b: 2\n"}


def mapping(entries: dict[str, Node]) -> MappingNode:
    return MappingNode({key: KeyValue(SOMEWHERE, value) for key, value in entries.items()}, SOMEWHERE)


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=12)
_TEXTS = _TEXT | st.sampled_from(
    ("no", "012", "1:30", "# x", "a: b", "- a", "two\nlines\n", " x", "x ", "&a", "*a", "<<")
)
_SCALARS = st.builds(lambda text, quoted: ScalarNode(text, SOMEWHERE, quoted), _TEXTS, st.booleans())
_NODES: st.SearchStrategy[Node] = st.recursive(
    _SCALARS,
    lambda below: (
        st.lists(below, max_size=3).map(lambda items: SequenceNode(tuple(items), SOMEWHERE))
        | st.dictionaries(_TEXTS.filter(lambda key: key.strip() and key != "<<"), below, max_size=3).map(mapping)
    ),
    max_leaves=8,
)


def shape(node: Node) -> object:
    """Return a node without its places; an empty text, or one of several lines, is in quotes."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return [shape(item) for item in node.items]
    return {key: shape(entry.value) for key, entry in node.entries.items()}


@given(_NODES)
def test_what_is_written_reads_back_as_the_same_texts(node: Node) -> None:
    root, findings = yaml.parse(Source("x.yaml", to_yaml("section", node)))
    assert findings == ()
    assert root
    assert shape(root) == {"section": shape(node)}


def test_a_file_keeps_quotes_and_order_and_names_its_schema_and_its_heading() -> None:
    section = 'references:\n  security: "B.md"\n  monitoring: A.md\n'
    found = imported(document(references=section).replace("## references", "# Annex\n## 2. Others\x07"))
    assert files(found)["references.yaml"].decode() == (
        "# yaml-language-server: $schema=../generated/schemas/references.json\n"
        f"# From design.md: Annex: 2. Others\N{REPLACEMENT CHARACTER}\n{section}"
    )


def test_a_list_is_indented_as_in_the_specification() -> None:
    assert to_yaml("a", mapping({"b": SequenceNode((ScalarNode("c", SOMEWHERE),), SOMEWHERE)})) == "a:\n  b:\n    - c\n"


def test_every_file_is_written_into_a_new_folder(tmp_path: Path) -> None:
    written = write(tmp_path / "new/project", CONTENTS)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "new/project/spec/a.yaml",
        "new/project/spec/b.yaml",
    ]
    assert contents(tmp_path / "new/project") == {f"spec/{name}": text for name, text in CONTENTS.items()}


def test_a_second_import_of_the_same_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, CONTENTS)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert write(tmp_path, CONTENTS) == ()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


@pytest.mark.parametrize("name", ["a.yaml", "other.yaml", "b.yaml/inside"])
def test_nothing_is_written_where_something_else_is(tmp_path: Path, name: str) -> None:
    file = tmp_path / "spec" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    with pytest.raises(TargetError, match=r"is there already, and nothing is overwritten"):
        write(tmp_path, CONTENTS)
    assert contents(tmp_path) == {f"spec/{name}": b"mine"}


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "spec").symlink_to("elsewhere")
    with pytest.raises(TargetError, match=r"is no folder"):
        write(tmp_path, CONTENTS)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spec").write_bytes(b"mine")
    with pytest.raises(TargetError, match=r"is no folder"):
        write(tmp_path, CONTENTS)
    assert contents(tmp_path) == {"spec": b"mine"}


def test_an_import_that_fails_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "spec/b.yaml")

    monkeypatch.setattr("compiler.write.staging.write", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write(tmp_path / "new/project", CONTENTS)
    assert caught.value.__notes__ == ["nothing was changed"]
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_was_interrupted_is_finished_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_make_all", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, CONTENTS)
    assert journal.pending(tmp_path / "spec")
    assert write(tmp_path, CONTENTS) == ()
    assert contents(tmp_path) == {f"spec/{name}": text for name, text in CONTENTS.items()}


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
