"""``cbp serve``: run the API under the compiled settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from compiler.cli import options


@click.command(epilog=options.examples("cbp serve --settings generated/development/eu-central-1/runtime/settings.json"))
@click.option("--settings", required=True, type=click.Path(path_type=Path), help="The compiled settings.json.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@options.port
@click.option("--management-port", type=click.IntRange(1, 65535), help="The port of metrics, instead of the one there.")
@click.option("--check", is_flag=True, help="Check the settings, the variables and each server; change nothing.")
def serve(settings: Path, host: str, port: int | None, management_port: int | None, check: bool) -> None:
    """Serve configuration under the compiled settings.

    Addresses and credentials of PostgreSQL and Redis come from the environment (CBP_DATABASE_URL, CBP_REDIS_URL; see
    docs/runtime.md).
    """
    arguments = ["--settings", str(settings), "--host", host, *(["--port", str(port)] if port else [])]
    arguments += ["--management-port", str(management_port)] if management_port else []
    arguments += ["--check"] if check else []
    os.execv(sys.executable, [sys.executable, "-m", "runtime", *arguments])  # noqa: S606 - our own module, no shell
