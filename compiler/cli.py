"""The command ``cbp``.

Exit codes: 0 clean (warnings allowed), 1 findings, 2 could not run. Each command imports what it needs when it runs, so
that help and completion answer at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.report.outcome import Outcome

COULD_NOT_RUN = 2

_root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default="the current folder",
    help="The project: the folder that holds spec/, environments/, policies/ and generated/.",
)
_environments = click.option(
    "--environment", "environments", metavar="NAME", multiple=True, help="Only this environment; may be repeated."
)
_format = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The form of the report.",
)


def _examples(*lines: str) -> str:
    """Return the end of a command's help, line by line as it is."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_examples(
        "cbp compile            write generated/ from spec/ and environments/",
        "cbp compile --check    say what would change, and why; write nothing",
        "cbp verify             everything that a pull request must satisfy",
        "cbp up                 try it: the API on an embedded PostgreSQL and Valkey",
    ),
)
@click.version_option(package_name="cbp-config")
def main() -> None:
    """Compile the specification of the Configuration API, judge it, and serve under its limits."""


@main.command(
    "compile",
    epilog=_examples("cbp compile", "cbp compile --environment production", "cbp compile --check --format json"),
)
@_root
@_environments
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file under generated/ differs.")
@_format
def compile_(root: Path, environments: tuple[str, ...], check: bool, format_: str) -> None:
    """Compile spec/ and environments/ into generated/.

    Nothing is written while anything is an error. What is no longer produced is removed, and nothing else.
    """
    with _refusals():
        outcome = _compile(root, environments, writing=not check)
    _report(outcome, format_)


@main.command(epilog=_examples("cbp verify", "cbp verify --root ../another-checkout --format json"))
@_root
@_format
def verify(root: Path, format_: str) -> None:
    """Check everything that a pull request must satisfy, and write nothing.

    Compiles every environment in memory, judges it by the policies and the schemas of Kubernetes, and compares the
    result with generated/.
    """
    with _refusals():
        outcome = _compile(root, (), writing=False)
    _report(outcome, format_)


@main.command(epilog=_examples("cbp serve --settings generated/development/eu-central-1/runtime/settings.json"))
@click.option("--settings", required=True, type=click.Path(path_type=Path), help="The compiled settings.json.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port, in place of the settings' own.")
def serve(settings: Path, host: str, port: int | None) -> None:
    """Serve configuration under the compiled settings.

    Addresses and credentials of PostgreSQL and Redis come from the environment (CBP_DATABASE_URL, CBP_REDIS_URL; see
    docs/runtime.md).
    """
    arguments = ["--settings", str(settings), "--host", host, *(["--port", str(port)] if port else [])]
    os.execv(sys.executable, [sys.executable, "-m", "runtime", *arguments])  # noqa: S606 - our own module, no shell


@main.command(epilog=_examples("cbp up", "cbp up --port 9000"))
@_root
@click.option("--environment", default="development", show_default=True, help="Whose settings to serve under.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port, in place of the settings' own.")
def up(root: Path, environment: str, port: int | None) -> None:
    """Compile, judge, and start the API on an embedded PostgreSQL and Valkey, on 127.0.0.1.

    Ctrl-C stops everything; nothing is left behind.
    """
    from runtime.embedded import stack

    with _refusals():
        outcome = _compile(root, (), writing=True)
    _print(outcome, "text")
    if outcome.exit_code:
        sys.exit(outcome.exit_code)
    found = sorted(root.glob(f"generated/{environment}/*/runtime/settings.json"))
    if not found:
        known = ", ".join(outcome.compilation.environments)
        _could_not_run(f"there is no environment '{environment}': use one of {known}")
    sys.exit(stack.run(found[0], port=port, announce=click.echo))


def _compile(root: Path, environments: tuple[str, ...], *, writing: bool) -> Outcome:
    from compiler import pipeline
    from compiler.report.outcome import Outcome

    if not (root / "spec").is_dir():
        _could_not_run(f"there is no specification in {root.resolve()}: go to the project's folder, or give --root")
    compilation = pipeline.compile_project(root, environments)
    drift = pipeline.differences(compilation)
    if not writing:
        return Outcome(compilation, drift, None)
    refused = compilation.refused or drift.refused
    return Outcome(compilation, drift, () if refused else pipeline.write(compilation, drift))


def _report(outcome: Outcome, format_: str) -> None:
    _print(outcome, format_)
    sys.exit(outcome.exit_code)


def _print(outcome: Outcome, format_: str) -> None:
    from compiler.report import json, text

    if format_ == "json":
        click.echo(json.render(outcome), nl=False)
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo(text.render(outcome, colour=colour), nl=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in one line why a command could not run, for the reasons that are not the specification's."""
    from compiler.policy.errors import PolicyError

    try:
        yield
    except PolicyError as error:
        _could_not_run(f"the policies could not judge: {error}")
    except OSError as error:
        _could_not_run(f"{error.filename or 'a file'}: {error.strerror or error}")


def _could_not_run(message: str) -> NoReturn:
    click.echo(f"cbp: {message}", err=True)
    sys.exit(COULD_NOT_RUN)
