"""Naming a release: one line of an environment's file, and what is compiled from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler.cli import main

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
REASON = '    reason: "the first image has not been built and signed yet"\n'


def release(project: Path, environment: str = "production", digest: str = DIGEST) -> Result:
    arguments = ["release", "--root", str(project), "--environment", environment, "--digest", digest]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def file(project: Path, environment: str = "production") -> Path:
    return project / "environments" / environment / "environment.yaml"


def test_the_digest_takes_the_place_of_the_word_and_the_reason_goes_with_its_line(project: Path) -> None:
    before = file(project).read_text()
    assert REASON in before
    result = release(project)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "wrote  environments/production/environment.yaml; now run: make compile\n"
    assert file(project).read_text() == before.replace("release: unreleased", f"release: {DIGEST}").replace(REASON, "")


def test_the_compilation_then_runs_the_image_by_its_digest_without_a_warning_about_it(project: Path) -> None:
    release(project)
    result = CliRunner().invoke(main, ["compile", "--root", str(project)])
    assert result.exit_code == 0
    assert {line.split(":")[0] for line in result.stdout.splitlines() if "runs no release" in line} == set()
    deployment = "kubernetes/cbp-application/deployment-configuration-api.yaml"
    text = (project / "generated/production/eu-central-1" / deployment).read_text()
    assert f"registry.bank.example/platform/configuration-api@{DIGEST}" in text
    assert "unreleased" in (project / "generated/development/eu-central-1" / deployment).read_text()


def test_a_release_follows_another_and_the_same_one_changes_nothing(project: Path) -> None:
    release(project, digest=f"sha256:{'0' * 64}")
    release(project)
    once = file(project).read_bytes()
    assert DIGEST.encode() in once
    assert release(project).exit_code == 0
    assert file(project).read_bytes() == once


def test_comments_line_ends_and_a_byte_order_mark_stay(project: Path) -> None:
    text = file(project).read_text().replace("release: unreleased", "release: 'unreleased'   # see the release notes")
    file(project).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert release(project).exit_code == 0
    expected = text.replace("'unreleased'", DIGEST).replace(REASON, "").replace("\n", "\r\n")
    assert file(project).read_bytes() == b"\xef\xbb\xbf" + expected.encode()


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        pytest.param(REASON, "    reason: >-\n      the first image is not built yet\n", id="a reason of two lines"),
        pytest.param(
            f"    release: unreleased\n{REASON}",
            "    <<: {release: unreleased, reason: not built yet}\n",
            id="one line",
        ),
        pytest.param("release: unreleased", "release: &none unreleased", id="an anchor"),
    ],
)
def test_what_is_not_written_line_by_line_is_left_to_people(project: Path, written: str, instead: str) -> None:
    before = file(project).read_text().replace(written, instead)
    if "&none" in instead:
        before = before.replace("revision: production", "revision: *none")
    file(project).write_text(before)
    result = release(project)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "cbp: environments/production/environment.yaml: "
        "write the image's release and its reason each in a line of its own, and run this again\n"
    )
    assert file(project).read_text() == before


@pytest.mark.parametrize("digest", ["", "latest", DIGEST[:-1], DIGEST.upper(), f"{DIGEST}\n", f"image@{DIGEST}"])
def test_what_is_no_digest_is_refused(project: Path, digest: str) -> None:
    before = file(project).read_bytes()
    result = release(project, digest=digest)
    assert result.exit_code == 2
    assert result.stderr == f"cbp: '{digest}' is not a digest: write sha256: and 64 hexadecimal digits\n"
    assert file(project).read_bytes() == before


def test_an_environment_that_there_is_not_is_refused_with_those_that_there_are(project: Path) -> None:
    result = release(project, environment="../spec")
    assert result.exit_code == 2
    assert result.stderr == (
        "cbp: environments/../spec: there is no environment '../spec': use one of: development, production, staging\n"
    )


def test_a_file_that_cannot_be_read_as_yaml_is_named_with_the_place(project: Path) -> None:
    file(project).write_text("environment: [\n")
    result = release(project)
    assert result.exit_code == 2
    assert result.stderr.startswith("cbp: environments/production/environment.yaml:")


def test_an_environment_without_an_image_has_no_release_to_replace(project: Path) -> None:
    file(project).write_text("environment:\n  name: production\n")
    result = release(project)
    assert result.exit_code == 2
    assert result.stderr == (
        "cbp: environments/production/environment.yaml: there is no environment.image.release: write it first\n"
    )
