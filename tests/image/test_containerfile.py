"""What the Containerfile promises, and that it is what the specification and the pod expect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common.pod_security import OWN_USER
from tests.image.containerfile import PROJECT, containerfile, in_context, only

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_hadolint_has_nothing_to_say_and_nothing_is_hidden_from_it() -> None:
    hadolint = str(Path(sys.executable).with_name("hadolint"))
    options = ("--disable-ignore-pragma", "--failure-threshold", "style", "--no-color")
    ran = subprocess.run([hadolint, *options, "Containerfile"], cwd=PROJECT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert not list(PROJECT.glob(".hadolint*"))


def test_every_stage_starts_from_the_base_image() -> None:
    """The compiler compares it with the specification (SPEC021)."""
    file = containerfile()
    assert only(file.head, "ARG").startswith("BASE=")
    assert [only(stage, "FROM") for stage in file.stages] == ["${BASE} AS build", "${BASE}"]


def test_the_locked_requirements_are_installed_as_wheels_by_hash_and_nothing_else_is() -> None:
    build, _ = containerfile().stages
    install, compile_ = (instruction.value for instruction in build if instruction.name == "RUN")
    for option in ("--require-hashes", "--no-deps", "--only-binary :all:", "--requirement runtime.txt"):
        assert f" {option}" in install
    assert "--invalidation-mode unchecked-hash /opt/venv/lib /app/runtime" in compile_


def test_the_image_takes_the_environment_and_the_runtime_and_runs_no_command_of_its_own() -> None:
    build, image = containerfile().stages
    assert [item.value for item in build if item.name == "COPY"] == ["requirements/runtime.txt ./", "runtime/ runtime/"]
    assert [item.value for item in image if item.name == "COPY"] == [
        "--from=build /opt/venv /opt/venv",
        "--from=build /app/runtime /app/runtime",
    ]
    assert not {item.name for item in image} & {"ADD", "RUN", "CMD", "SHELL", "VOLUME"}


def test_the_build_can_read_the_runtime_and_its_lock_alone() -> None:
    files = list(_files())
    context = {str(path) for path in files if in_context(PurePosixPath(path))}
    runtime = {path for path in files if path.parts[0] == "runtime" and "__pycache__" not in path.parts}
    served = {path for path in runtime if not path.is_relative_to("runtime/embedded")}
    assert {path.suffix for path in served} == {".py", ".sql", ".lua", ".html", ".css", ".js"}
    assert served != runtime
    assert context == {"requirements/runtime.txt", *map(str, served)}


def _files() -> Iterator[Path]:
    """Yield the files of the checkout; of a hidden folder, such as that of Git, one that stands for all."""
    for folder, folders, names in os.walk(PROJECT):
        hidden = [name for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if name not in hidden]
        for path in (*(Path(folder, name) for name in names), *(Path(folder, name, "any.py") for name in hidden)):
            yield path.relative_to(PROJECT)


def test_the_image_runs_as_the_user_of_the_pod_and_on_the_port_of_the_settings() -> None:
    image = containerfile().last
    assert only(image, "USER") == f"{OWN_USER}:{OWN_USER}"
    assert only(image, "EXPOSE").isdecimal()


def test_the_service_is_the_first_process_and_is_stopped_by_the_signal_that_it_drains_on() -> None:
    image = containerfile().last
    assert json.loads(only(image, "ENTRYPOINT")) == ["/opt/venv/bin/python", "-m", "runtime"]
    assert only(image, "WORKDIR") == "/app"
    assert only(image, "STOPSIGNAL") == "SIGTERM"


def test_every_label_that_a_build_decides_comes_from_an_argument() -> None:
    image = containerfile().last
    arguments = {item.value for item in image if item.name == "ARG"}
    labels = next(item for item in image if item.name == "LABEL").pairs()
    prefix = "org.opencontainers.image."
    assert all(label.startswith(prefix) for label in labels)
    decided = {label.removeprefix(prefix): value for label, value in labels.items() if value.startswith("$")}
    assert decided == {
        "version": "${VERSION}",
        "revision": "${REVISION}",
        "created": "${CREATED}",
        "base.name": "${BASE}",
    }
    assert {f"${{{name}}}" for name in arguments} == set(decided.values())
