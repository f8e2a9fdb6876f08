"""The files of a proxy in a folder of a test's own, which takes the place of the pod's."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.emit.envoy.listeners import secret
from compiler.emit.envoy.ports import BOOTSTRAP_FILE, CONFIGURATION_FOLDER, SECRET_FILE

if TYPE_CHECKING:
    from compiler.emit.artifact import Document

ENVOY = Path(sysconfig.get_path("purelib")) / "envoy/_bin/envoy"
"""The program itself: what the wheel adds to the folder of scripts is Python that starts it."""

CERTIFICATE = "certificate"
"""The folder in which the proxy finds its certificate."""


def write(bootstrap: Document, folder: Path) -> Path:
    """Write a bootstrap, and the resource of its certificate, into a folder; return the bootstrap's path."""
    (folder / CERTIFICATE).mkdir(exist_ok=True)
    (folder / SECRET_FILE).write_text(json.dumps(secret(str(folder / CERTIFICATE))), encoding="utf-8")
    file = folder / BOOTSTRAP_FILE
    file.write_text(json.dumps(bootstrap).replace(CONFIGURATION_FOLDER, str(folder)), encoding="utf-8")
    return file
