"""The files of ``spec/`` that a document becomes: their text, and writing them, all or none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import yaml

from compiler.diagnostics.text import printable
from compiler.errors import CouldNotRunError
from compiler.sources.nodes import Node, ScalarNode, SequenceNode
from compiler.write import journal
from compiler.write.lock import locked
from compiler.write.staging import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.importer.document import Imported, Section

FOLDER = "spec"
_TEXT, _LIST, _MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class TargetError(CouldNotRunError):
    """The folder to write to holds something else already."""


def files(imported: Imported) -> Mapping[str, bytes]:
    """Return the content of each file by its name, such as ``compute.yaml``."""
    document = imported.document.rpartition("/")[2]
    return {f"{section.name}.yaml": _content(section, document).encode() for section in imported.sections}


def write(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write files to ``spec/`` of a new project, and return their paths; none if they are all there already.

    An import that was interrupted is finished first.

    Raises:
        TargetError: ``spec/`` holds something else; nothing is overwritten.
        BusyError: another import is writing.
        OSError: a file cannot be written; nothing was.
    """
    target = folder / FOLDER
    made = [path for path in (target, *target.parents) if not path.exists()]
    if target.is_symlink() or target.is_file():
        raise TargetError(f"{target} is no folder: name a folder without {FOLDER}")
    target.mkdir(parents=True, exist_ok=True)
    try:
        with locked(target, exclusive=True):
            journal.finish(target)
            if _holds(target, contents):
                return ()
            journal.commit(target, [Step(name, content) for name, content in contents.items()])
    except BaseException:
        with suppress(OSError):
            for path in made:
                path.rmdir()
        raise
    return tuple(target / name for name in contents)


def _holds(target: Path, contents: Mapping[str, bytes]) -> bool:
    """Return whether a folder holds exactly the files; an empty one does not.

    Raises:
        TargetError: it holds other files, or other contents.
    """
    present = {path.name: path for path in target.iterdir()}
    for name, path in sorted(present.items()):
        if not path.is_file() or path.read_bytes() != contents.get(name):
            raise TargetError(f"{path} is there already, and nothing is overwritten: name a folder without {FOLDER}/")
    return bool(present) and present.keys() == contents.keys()


def _content(section: Section, document: str) -> str:
    at = "".join(f": {heading}" for heading in section.headings[-2:])
    return (
        f"# yaml-language-server: $schema=../generated/schemas/{section.name}.json\n"
        f"# {printable(f'From {document}{at}')}\n"
        f"{to_yaml(section.name, section.value)}"
    )


class _Dumper(yaml.BaseDumper):
    """A dumper that knows no implicit types, as the reader of sources, and indents lists."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Begin a collection, a list in a mapping, too, further to the right."""
        super().increase_indent(flow, indentless=False)


def to_yaml(key: str, value: Node) -> str:
    """Return a mapping of one key as YAML from which :func:`compiler.sources.yaml.parse` reads the same values."""
    root = yaml.MappingNode(_MAPPING, [(yaml.ScalarNode(_TEXT, key), _node(value))])
    text: str = yaml.serialize(root, Dumper=_Dumper, allow_unicode=True, width=4096)
    return text


def _node(node: Node) -> yaml.Node:
    if isinstance(node, ScalarNode):
        style = "|" if "\n" in node.text else '"' if node.quoted else None
        return yaml.ScalarNode(_TEXT, node.text, style=style)
    if isinstance(node, SequenceNode):
        return yaml.SequenceNode(_LIST, [_node(item) for item in node.items], flow_style=False)
    entries = [(yaml.ScalarNode(_TEXT, name), _node(entry.value)) for name, entry in node.entries.items()]
    return yaml.MappingNode(_MAPPING, entries, flow_style=False)
