"""Whatever stands in spec/ and environments/, a compilation comes to an end: clean, or with findings that have a place.

It never fails, never goes on for long, and never writes.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics import Finding, Severity
from compiler.diagnostics.bounds import MOST
from compiler.diagnostics.text import render
from compiler.pipeline import Compilation, compile_project
from compiler.report.github import command
from compiler.sources import disk
from tests.compiler.mutations import spoilt_bytes, spoilt_values
from tests.compiler.project import FROZEN, copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OVERLAY = "environments/staging/overlays/tuning.yaml"
ENVIRONMENT = "environments/staging/environment.yaml"
NAMES = ("development", "production", "staging")
"""All environments: to name them leaves out the schemas for editors alone, which follow from no file."""
FILES = sorted(path.relative_to(FROZEN).as_posix() for path in FROZEN.rglob("*.yaml"))
hostile = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Victim:
    """A project whose files are spoilt one after the other, and how much of the processor a compilation may take."""

    root: Path
    seconds: float

    @contextmanager
    def with_file(self, path: str, content: bytes) -> Iterator[None]:
        """Let a file hold something else for a while."""
        before = (self.root / path).read_bytes()
        (self.root / path).write_bytes(content)
        try:
            yield
        finally:
            (self.root / path).write_bytes(before)

    def compile(self) -> Compilation:
        """Compile, and check what holds for every outcome."""
        before = contents(self.root)
        start = time.process_time()
        compilation = compile_project(self.root, NAMES)
        assert time.process_time() - start < self.seconds
        assert contents(self.root) == before
        for finding in compilation.findings:
            assert finding.message
            assert finding.help
            assert_has_a_place(self.root, finding)
            for report in (render([finding], colour=False), command(finding), json.dumps(finding.message)):
                assert report.encode()
        return compilation


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    root = copy(tmp_path_factory.mktemp("hostile") / "a project")
    compile_project(root, NAMES)  # reads schemas and builds validators, which a process does once
    start = time.process_time()
    assert not compile_project(root, NAMES).refused
    return Victim(root, 10 * (time.process_time() - start) + 1)


@settings(hostile, max_examples=25)
@given(st.data())
def test_whatever_the_bytes_of_a_file_are_a_compilation_is_clean_or_has_findings(
    victim: Victim, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(FILES))
    content = data.draw(spoilt_bytes((FROZEN / path).read_bytes()))
    with victim.with_file(path, content):
        victim.compile()


@settings(hostile, max_examples=25)
@given(st.data())
def test_whatever_the_values_of_a_file_are_a_compilation_is_clean_or_has_findings(
    victim: Victim, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(FILES))
    content = data.draw(spoilt_values((FROZEN / path).read_bytes()))
    assume(content != (FROZEN / path).read_bytes())
    with victim.with_file(path, content):
        victim.compile()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("spec/limits.yaml", b"limits:\n" + b"  threads: {worker: 1}\n" * 200_000),
        ("spec/limits.yaml", b"limits: {threads: {worker: " + b"9" * 1_000_000 + b"}}\n"),
        ("spec/limits.yaml", b"limits:\n" + b"".join(b"  key%d: 1\n" % n for n in range(9_900))),
        ("spec/limits.yaml", b"? " + b"limits" * 150_000 + b"\n: 1\n"),
        ("spec/network.yaml", b"network: {segmentation: {zones: [" + b"data, " * 19_000 + b"]}}\n"),
        (
            "spec/network.yaml",
            b"network: {segmentation: {zones: [" + b"".join(b"z%d," % n for n in range(19_000)) + b"]}}",
        ),
        ("spec/network.yaml", b"[" * 1_000_000),
        ("spec/network.yaml", b"- " * 500_000),
        ("spec/network.yaml", b"? " * 500_000),
        ("spec/network.yaml", b"!!str a: " * 100_000),
        ("spec/network.yaml", b"&a " * 300_000),
        ("spec/network.yaml", b"network: '" + b"\n" * 1_000_000 + b"'"),
        (OVERLAY, b"limits: {threads: {" + b"".join(b"key%d: 1, " % n for n in range(9_900)) + b"}}\n"),
        (OVERLAY, b"".join(b"key%d: Configurable\n" % n for n in range(9_900))),
        (OVERLAY, b"".join(b"key%d: !t 1\n" % n for n in range(9_900))),
        (ENVIRONMENT, b"environment:\n" + b"  name: staging\n" * 9_900),
        (ENVIRONMENT, b"environment: {clusters: {" + b"".join(b"C%d: {}, " % n for n in range(6_000)) + b"}}\n"),
        (
            ENVIRONMENT,
            b"environment: {addresses: {vpn: [" + b"".join(b"10.0.%d/24," % n for n in range(9_900)) + b"]}}\n",
        ),
        (ENVIRONMENT, b"environment: {throttling: {routes: [" + b"{}, " * 9_900 + b"]}}\n"),
    ],
)
def test_very_much_of_anything_is_refused_at_once_and_in_few_words(victim: Victim, path: str, content: bytes) -> None:
    with victim.with_file(path, content):
        compilation = victim.compile()
    assert compilation.refused
    assert {finding.span.source.path if finding.span else finding.path for finding in compilation.findings} >= {path}
    assert len(compilation.findings) <= 3 * MOST
    assert len(render(compilation.findings, colour=False)) < 200_000


@pytest.mark.parametrize("format_", ["text", "json", "github"])
@pytest.mark.parametrize("folder", ["spec", "environments", "environments/staging/overlays"])
def test_a_name_that_is_no_text_can_be_printed_in_every_format(project: Path, folder: str, format_: str) -> None:
    (project / os.fsdecode(f"{folder}/".encode() + b"caf\xe9\n.yaml")).touch()
    result = CliRunner().invoke(main, ["compile", "--root", str(project), "--format", format_], catch_exceptions=False)
    assert result.exit_code == 1
    assert "caf\\xe9" in result.stdout.replace("\\\\", "\\")
    assert "FILE002" in result.stdout
    assert not (project / "generated").exists()


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a project; the policies are read alone by what judges."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "policies" not in path.parts
    }


def assert_has_a_place(root: Path, finding: Finding) -> None:
    """Check that a finding leads to a file or folder, and inside a file to a line that there is, or to its end."""
    if finding.span is None:
        missing = finding.code == "FILE001"
        assert (root / finding.path).exists() is not missing or finding.severity is Severity.WARNING, finding
        return
    source = finding.span.source
    assert disk.read(root, source.path) == source or finding.code == "YAML002"
    assert 1 <= finding.span.line <= len(source.text) + 1
    assert 1 <= finding.span.column <= len(source.line(finding.span.line)) + 1
