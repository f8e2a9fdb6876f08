"""The image serves production, as the pod runs it: another user, nothing writable but ``/tmp``, no compiler."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from compiler.emit.kubernetes.common.pod_security import OWN_USER
from runtime.embedded.cluster import API, OWNER
from tests.compiler.project import artifacts, site
from tests.conftest import empty_database, in_database
from tests.identity import access, signed_in
from tests.image.build import Image, build
from tests.runtime.service import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.embedded.postgres import PostgresServer

_WORKERS = 2


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The built image, in a folder that every user may enter, unlike the temporary folders of the tests."""
    with tempfile.TemporaryDirectory(prefix="cbp image ") as folder:
        root = Path(folder)
        root.chmod(0o755)
        yield build(root)


@pytest.fixture(scope="module")
def user(image: Image) -> tuple[str, ...]:
    """The words in front of a command that take root from it: in a user namespace, or else altogether."""
    if os.geteuid() != 0:
        return ()
    python = str(image.environment / "bin/python")
    for words in (
        ("unshare", "--user", f"--map-user={OWN_USER}", f"--map-group={OWN_USER}"),
        ("setpriv", f"--reuid={OWN_USER}", f"--regid={OWN_USER}", "--clear-groups"),
    ):
        if subprocess.run([*words, python, "-I", "-c", ""], capture_output=True, check=False).returncode == 0:
            return words
    pytest.fail(f"root can neither enter a user namespace nor run {python} as another user")


def test_the_image_serves_production_and_writes_nothing_but_temporary_files(
    image: Image, user: tuple[str, ...], postgres: PostgresServer, redis_url: str, tmp_path: Path
) -> None:
    settings = image.root / "settings.json"
    compiled = json.loads(artifacts(site())["runtime/settings.json"].content)
    settings.write_text(json.dumps(compiled | {"access": access()}), encoding="utf-8")
    command = (
        *user,
        *image.entrypoint(),
        "--settings",
        str(settings),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--management-port",
        "0",
    )
    migrate = (*user, image.entrypoint()[0], "-m", "runtime.migrate", "--settings", str(settings))
    before = fingerprint(image)
    with ExitStack() as stack:
        name = stack.enter_context(empty_database(postgres, OWNER))
        migration_url, database_url = (in_database(url, name) for url in (postgres.migration_url, postgres.url))
        migration = {"CBP_DATABASE_MIGRATION_URL": migration_url, "CBP_DATABASE_SERVING_ROLE": API}
        subprocess.run(migrate, cwd=image.app, env=image.variables() | migration, check=True)
        variables = image.variables() | {"CBP_DATABASE_URL": database_url, "CBP_REDIS_URL": redis_url}
        service = stack.enter_context(running(command, variables, tmp_path / "log.jsonl", _WORKERS, image.app))
        while httpx.get(f"{service.url}/health/ready").status_code != 200:
            time.sleep(0.05)
        written = httpx.put(f"{service.url}/v1/namespaces/image/entries/key", json={"value": 1}, headers=signed_in())
        assert written.status_code == 201
        page = [
            httpx.get(f"{service.url}/docs{file}").status_code for file in ("", "/start.js", "/swagger-ui-bundle.js")
        ]
        assert page == [200, 200, 200]
        opened = set(opened_for_writing(service.process.pid)) - {service.log}
        assert {path.parent.parent for path in opened} == {image.scratch}
        assert service.end() == 0
    assert list(image.scratch.iterdir()) == []
    assert fingerprint(image) == before


@pytest.mark.parametrize("module", ["compiler", "runtime.embedded"])
def test_the_image_does_not_hold_what_only_building_and_trying_need(
    image: Image, user: tuple[str, ...], module: str
) -> None:
    ran = in_image(image, user, f"import {module}")
    assert f"ModuleNotFoundError: No module named '{module}'" in ran.stderr


def test_the_user_of_the_image_can_change_no_file_of_it(image: Image, user: tuple[str, ...]) -> None:
    change = f"pathlib.Path({str(image.app / 'runtime/__init__.py')!r}).write_text('')"
    assert "PermissionError" in in_image(image, user, f"import pathlib; {change}").stderr


def in_image(image: Image, user: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in the image."""
    python = image.entrypoint()[0]
    return subprocess.run(
        [*user, python, "-c", code],
        cwd=image.app,
        env=image.variables(),
        capture_output=True,
        text=True,
        check=False,
    )


def fingerprint(image: Image) -> dict[str, str]:
    """Return the hash of every file but the temporary ones."""
    files = (path for path in image.root.rglob("*") if path.is_file() and not path.is_relative_to(image.scratch))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def opened_for_writing(leader: int) -> Iterator[Path]:
    """Yield the files that the processes of a session hold open for writing."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or is somebody else's
            if os.getsid(int(process.name)) == leader:
                yield from _opened_for_writing(process)


def _opened_for_writing(process: Path) -> Iterator[Path]:
    for descriptor in (process / "fd").iterdir():
        flags = int((process / "fdinfo" / descriptor.name).read_text().split("flags:")[1].split()[0], 8)
        target = descriptor.readlink()
        if flags & os.O_ACCMODE != os.O_RDONLY and target.is_file():
            yield target
