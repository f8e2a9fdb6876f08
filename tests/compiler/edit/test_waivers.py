"""A waiver that is written for a finding lets it pass, and leaves the rest of its file as people wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Source
from compiler.edit.text import EditError, scalar
from compiler.edit.waivers import grant
from compiler.sources import yaml
from compiler.sources.nodes import plain
from tests.compiler.cli.running import cbp

if TYPE_CHECKING:
    from pathlib import Path

FILE = "environments/production/waivers.yaml"
ENTRY = {
    "rule": "DEP002",
    "resource": "environment.image.release",
    "reason": "the image is being built",
    "owner": "platform",
    "ticket": "PLAT-7",
    "granted": "2026-01-15",
    "expires": "2026-02-14",
}
OTHER = ENTRY | {"rule": "DEP025", "reason": "the copy: not yet"}
TEXTS = ("--reason", "the image is being built", "--owner", "platform", "--ticket", "PLAT-7")


def written(project: Path) -> object:
    node, findings = yaml.parse(Source(FILE, (project / FILE).read_text(encoding="utf-8-sig")))
    assert node
    assert not findings
    return plain(node)


def test_what_is_waived_is_no_finding_until_the_day_after(project: Path) -> None:
    root = ("--root", str(project))
    assert cbp("waive", "DEP002", *TEXTS, "--as-of", "2026-01-15", *root).exit_code == 0
    holds = cbp("compile", "--as-of", "2026-02-14", *root)
    assert (holds.exit_code, "warning[DEP002]" in holds.stdout) == (0, False)
    assert "waived[DEP002]" in holds.stdout
    assert "error[WVR001]" in cbp("compile", "--as-of", "2026-02-15", *root).stdout


def test_one_waiver_follows_another_and_the_same_one_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    grant(tmp_path, "production", [ENTRY, OTHER])
    once = (tmp_path / FILE).read_bytes()
    grant(tmp_path, "production", [OTHER])
    assert (tmp_path / FILE).read_bytes() == once
    assert written(tmp_path) == {"waivers": [ENTRY, OTHER]}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("indentation", ["", "  ", "      "])
def test_comments_indentation_line_ends_and_a_byte_order_mark_stay(
    tmp_path: Path, newline: str, mark: bytes, indentation: str
) -> None:
    keys = [f"{indentation}  {key}: '{text}' # {key}" for key, text in OTHER.items()]
    lines = ["# head", "waivers: # list", *keys, f"{indentation}# end"]
    lines[2] = f"{indentation}- {keys[0].strip()}"
    (tmp_path / FILE).parent.mkdir(parents=True)
    before = mark + newline.join(lines).encode()  # no line end at the end
    (tmp_path / FILE).write_bytes(before)
    grant(tmp_path, "production", [ENTRY])
    after = (tmp_path / FILE).read_bytes()
    assert after.startswith(before + newline.encode())
    assert after.decode().count("\n") == after.decode().count(newline)
    assert written(tmp_path) == {"waivers": [OTHER, ENTRY]}


@pytest.mark.parametrize("empty", ["waivers: []\n", "# none\nwaivers:   [ ] # yet\n"])
def test_a_list_without_a_waiver_gets_its_first(tmp_path: Path, empty: str) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(empty)
    grant(tmp_path, "production", [ENTRY])
    assert written(tmp_path) == {"waivers": [ENTRY]}
    assert (tmp_path / FILE).read_text().count("#") == empty.count("#")


@pytest.mark.parametrize(
    "text",
    [
        "waivers: [",
        "waivers:\n",
        "exceptions: []\n",
        f"waivers: [{{{', '.join(f'{key}: {text}' for key, text in (ENTRY | {'rule': 'DEP025'}).items())}}}]\n",
        f"waivers:\n- <<: &all {{{', '.join(f'{key}: {text}' for key, text in ENTRY.items())}}}\n- *all\n",
    ],
)
def test_a_file_that_cannot_be_edited_line_by_line_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(EditError, match=FILE):
        grant(tmp_path, "production", [ENTRY])
    assert (tmp_path / FILE).read_text() == text


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1))
def test_a_scalar_reads_as_the_text_that_it_was_written_for(text: str) -> None:
    node, findings = yaml.parse(Source("", f"- key: {scalar(text)} # comment\n"))
    assert not findings
    assert node
    assert plain(node) == [{"key": text}]
