"""What ends a command before its work is done is one line on standard error and status 2."""

from __future__ import annotations

import importlib
import pkgutil

import click
import pytest
from click.testing import CliRunner

import compiler
from compiler.cli.program import Program
from compiler.errors import CouldNotRunError
from compiler.policy.errors import PolicyError

# They never leave the package that raises them.
INTERNAL = {"NotThereError", "NotUnderstoodError", "UnusualError"}


def failing(error: Exception) -> click.Command:
    @click.group(cls=Program)
    def program() -> None:
        pass

    @program.command()
    def fail() -> None:
        raise error

    return program


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CouldNotRunError("the lock is held: try again"), "cbp: the lock is held: try again\n"),
        (PolicyError("no answer"), "cbp: the policies could not judge: no answer\n"),
        (FileNotFoundError(2, "No such file or directory", "a.yaml"), "cbp: a.yaml: No such file or directory\n"),
    ],
)
def test_an_outage_is_one_line_and_status_2(error: Exception, line: str) -> None:
    result = CliRunner().invoke(failing(error), ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


def test_a_bug_is_no_outage() -> None:
    result = CliRunner().invoke(failing(ZeroDivisionError()), ["fail"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_every_error_that_can_end_a_command_has_the_one_base() -> None:
    names = (item.name for item in pkgutil.walk_packages(compiler.__path__, "compiler."))
    modules = [importlib.import_module(name) for name in names if not name.endswith(".__main__")]
    found = {
        error
        for module in modules
        for name, error in vars(module).items()
        if isinstance(error, type) and issubclass(error, Exception) and error.__module__ == module.__name__
        if not name.startswith("_") and name not in INTERNAL
    }
    assert len(found) > 5
    assert all(issubclass(error, CouldNotRunError) for error in found), found
