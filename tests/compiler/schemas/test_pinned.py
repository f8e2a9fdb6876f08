"""The definitions that the workflow fetches: one of each custom kind that is emitted, by its digest."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from compiler.emit import kinds
from compiler.emit.providers import KUBERNETES
from tests.compiler.project import ROOT
from tests.compiler.schemas.crd import FILE, as_yaml, crd

if TYPE_CHECKING:
    from pathlib import Path

LISTED = [line.split() for line in (ROOT / ".ci/definitions").read_text().splitlines() if not line.startswith("#")]
SHARED = {"VerticalPodAutoscaler": "vpa-v1-crd-gen"}
"""Files that define several kinds, by the kind that is emitted."""
CUSTOM = [kind for kind in kinds.KINDS if kind.provider is not KUBERNETES]


def test_every_definition_is_pinned_by_its_digest_in_a_release() -> None:
    for digest, address in LISTED:
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert re.fullmatch(
            r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/(?:v|[a-z-]+-)[0-9.]+/\S+\.yaml", address
        )


@pytest.mark.parametrize("kind", CUSTOM, ids=lambda kind: kind.name)
def test_the_definition_of_every_custom_kind_is_fetched(kind: kinds.Kind) -> None:
    ways = (f"{re.escape(kind.group)}_{kind.name.lower()}e?s", f"{kind.name.lower()}-crd")
    file = re.compile(rf"/(?:{SHARED.get(kind.name) or '|'.join(ways)})\.yaml$")
    assert len([address for _, address in LISTED if file.search(address)]) == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="not checked: there is no curl")
def test_nothing_is_written_unless_every_file_is_the_one_that_was_listed(tmp_path: Path) -> None:
    file, to = tmp_path / "widgets.yaml", tmp_path / "the schemas"
    file.write_bytes(as_yaml(crd({"type": "string"})))
    for digest, code in (("0" * 64, 1), (hashlib.sha256(file.read_bytes()).hexdigest(), 0)):
        (tmp_path / "list").write_text(f"# a comment\n{digest} {file.as_uri()}\n")
        command = ["bash", ".ci/schemas", str(to), str(tmp_path / "list")]
        assert not to.exists()
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
        assert ("is not the file that" in ran.stderr) == bool(code)
    assert (to / FILE).is_file()
