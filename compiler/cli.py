"""The command ``cbp``.

Exit codes: 0 clean (warnings allowed), 1 findings, 2 could not run. Each command imports what it needs when it runs, so
that help and completion answer at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from compiler import completion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compiler.report.outcome import Outcome

COULD_NOT_RUN = 2
_Command = TypeVar("_Command", bound="Callable[..., object]")

_root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default="the current folder",
    help="The project: the folder that holds spec/, environments/, policies/ and generated/.",
)
_environments = click.option(
    "--environment",
    "environments",
    metavar="NAME",
    multiple=True,
    shell_complete=completion.environments,
    help="Only this environment; may be repeated.",
)


def _formats(*formats: str) -> Callable[[_Command], _Command]:
    """Return the option that chooses the form of a report, the first by default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="The form of the report: for people, for programs, or as annotations of a pull request.",
    )


def _examples(*lines: str) -> str:
    """Return the end of a command's help, line by line as it is."""
    return _verbatim("Examples:", *(f"  {line}" for line in lines))


def _verbatim(*lines: str) -> str:
    """Return a paragraph of help that is not wrapped."""
    return "\n".join(("\b", *lines))


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
@_formats("text", "json", "github")
def compile_(root: Path, environments: tuple[str, ...], check: bool, format_: str) -> None:
    """Compile spec/ and environments/ into generated/.

    Nothing is written while anything is an error. What is no longer produced is removed, and nothing else.
    """
    with _refusals():
        outcome = _compile(root, environments, writing=not check)
    _report(outcome, format_)


@main.command(epilog=_examples("cbp verify", "cbp verify --root ../another-checkout", "cbp verify --format github"))
@_root
@_formats("text", "json", "github")
def verify(root: Path, format_: str) -> None:
    """Check everything that a pull request must satisfy, and write nothing.

    Compiles every environment in memory, judges it by the policies and the schemas of Kubernetes, and compares the
    result with generated/.
    """
    with _refusals():
        outcome = _compile(root, (), writing=False)
    _report(outcome, format_)


@main.command(epilog=_examples('cbp release --environment production --digest "$DIGEST"'))
@_root
@click.option(
    "--environment",
    required=True,
    metavar="NAME",
    shell_complete=completion.environments,
    help="The environment that is to run the image.",
)
@click.option("--digest", required=True, metavar="SHA256", help="The image's digest: sha256:, 64 hexadecimal digits.")
def release(root: Path, environment: str, digest: str) -> None:
    """Name the image that an environment runs, in environments/NAME/environment.yaml.

    Nothing else in the file changes, except that the reason for running no release goes.
    """
    from compiler.release import ReleaseError, write_release

    with _refusals():
        try:
            file = write_release(root, environment, digest)
        except ReleaseError as error:
            _could_not_run(str(error))
    click.echo(f"wrote  {file.as_posix()}; now run: cbp compile")


@main.command(epilog=_examples("cbp schema", "cbp schema compute", "cbp schema overlay > overlay.schema.json"))
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a kind of file, for editors: a section's NAME, environment, or overlay.

    Without a name, list them. cbp compile writes each to generated/schemas/NAME.json.
    """
    from compiler.emit.editor import schemas
    from compiler.emit.serialise import to_json

    known = schemas()
    if name is None:
        click.echo("\n".join(known))
    elif name in known:
        click.echo(to_json(known[name]), nl=False)
    else:
        _could_not_run(f"there is no schema '{name}': use one of {', '.join(known)}")


@main.command(epilog=_examples("cbp serve --settings generated/development/eu-central-1/runtime/settings.json"))
@click.option("--settings", required=True, type=click.Path(path_type=Path), help="The compiled settings.json.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port, in place of the settings' own.")
@click.option("--check", is_flag=True, help="Try the settings, the variables and each server; change nothing.")
def serve(settings: Path, host: str, port: int | None, check: bool) -> None:
    """Serve configuration under the compiled settings.

    Addresses and credentials of PostgreSQL and Redis come from the environment (CBP_DATABASE_URL, CBP_REDIS_URL; see
    docs/runtime.md).
    """
    arguments = ["--settings", str(settings), "--host", host, *(["--port", str(port)] if port else [])]
    arguments += ["--check"] if check else []
    os.execv(sys.executable, [sys.executable, "-m", "runtime", *arguments])  # noqa: S606 - our own module, no shell


@main.command(epilog=_examples("cbp up", "cbp up --port 9000"))
@_root
@click.option(
    "--environment",
    default="development",
    show_default=True,
    shell_complete=completion.environments,
    help="Whose settings to serve under.",
)
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
    if environment not in outcome.compilation.environments:
        known = ", ".join(outcome.compilation.environments)
        _could_not_run(f"there is no environment '{environment}': use one of {known}")
    found = min((root / "generated" / environment).glob("*/runtime/settings.json"))
    sys.exit(stack.run(found, port=port, announce=click.echo))


@main.command(epilog=_examples("cbp doctor", "cbp doctor --format json"))
@_root
@_formats("text", "json")
def doctor(root: Path, format_: str) -> None:
    """Say what this machine lacks for the project, and what to do about it.

    Starts the embedded servers for a moment. Exits with 0 when everything that is needed is there, else with 1.
    """
    from compiler.doctor import examine, exit_code, report

    checks = examine(root)
    click.echo(report.as_json(checks) if format_ == "json" else report.as_text(checks), nl=False)
    sys.exit(exit_code(checks))


@main.command("completion", epilog=_verbatim(*completion.INSTALLATION))
@click.argument("shell", type=click.Choice(completion.SHELLS))
def completion_(shell: str) -> None:
    """Print the script that lets a shell complete commands, options and the names of environments."""
    click.echo(completion.script(main, shell), nl=False)


def _compile(root: Path, environments: tuple[str, ...], *, writing: bool) -> Outcome:
    from compiler import pipeline
    from compiler.report.outcome import Outcome

    if not (root / "spec").is_dir():
        _could_not_run(f"there is no specification in {root.resolve()}: go to the project's folder, or give --root")
    compilation = pipeline.compile_project(root, environments)
    if writing:
        return Outcome(compilation, *pipeline.write(compilation))
    return Outcome(compilation, pipeline.differences(compilation), None)


def _report(outcome: Outcome, format_: str) -> None:
    _print(outcome, format_)
    sys.exit(outcome.exit_code)


def _print(outcome: Outcome, format_: str) -> None:
    from compiler.report import github, json, text

    if format_ == "json":
        click.echo(json.render(outcome), nl=False)
    elif format_ == "github":
        click.echo(github.render(outcome), nl=False)
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo(text.render(outcome, colour=colour), nl=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in one line why a command could not run, for the reasons that are not the specification's."""
    from compiler.policy.errors import PolicyError
    from compiler.write.journal import JournalError
    from compiler.write.lock import BusyError

    try:
        yield
    except PolicyError as error:
        _could_not_run(f"the policies could not judge: {error}")
    except (BusyError, JournalError) as error:
        _could_not_run(str(error))
    except OSError as error:
        _could_not_run(f"{error.filename or 'a file'}: {error.strerror or error}")


def _could_not_run(message: str) -> NoReturn:
    click.echo(f"cbp: {message}", err=True)
    sys.exit(COULD_NOT_RUN)
