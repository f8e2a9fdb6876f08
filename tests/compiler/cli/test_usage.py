"""What the commands take and refuse, and what their help says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from compiler.cli import main
from tests.compiler.cli.running import break_, cbp, compile_, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_schema_is_printed_as_it_is_compiled(compiled: Path) -> None:
    names = cbp("schema").stdout.split()
    assert sorted(names) == sorted(file.stem for file in (compiled / "generated/schemas").iterdir())
    for name in names:
        assert cbp("schema", name).stdout == (compiled / f"generated/schemas/{name}.json").read_text()


def test_a_schema_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    result = cbp("schema", "computer")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("cbp: there is no schema 'computer': did you mean 'compute'?")


@pytest.mark.parametrize("arguments", [["compile"], ["verify"], ["up"]])
def test_a_folder_without_a_specification_cannot_be_compiled(arguments: list[str], tmp_path: Path) -> None:
    result = cbp(*arguments, "--root", str(tmp_path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert (
        result.stderr == f"cbp: there is no specification in {tmp_path}: go to the project's folder, or give --root\n"
    )


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--root", "nowhere"], ["--colour"], ["extra"]])
def test_a_wrong_option_is_a_matter_of_usage(arguments: list[str]) -> None:
    result = cbp("compile", *arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_an_environment_that_there_is_not_is_a_finding(project: Path) -> None:
    result = compile_(project, "--environment", "../spec")
    assert result.exit_code == 1
    assert "error[FILE005]: there is no environment '../spec'" in result.stdout
    assert "use one of: development, production, staging" in result.stdout


@pytest.mark.parametrize(
    ("name", "advice"),
    [("stagging", "did you mean 'staging'?"), ("../spec", "use one of: development, production, staging")],
)
def test_an_environment_that_cannot_be_served_is_refused_before_anything_is_compiled(
    project: Path, name: str, advice: str
) -> None:
    result = cbp("up", "--environment", name, "--root", str(project))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"cbp: there is no environment '{name}': {advice}\n"
    assert not (project / "generated").exists()


@pytest.mark.parametrize(
    "command",
    [[], ["compile"], ["verify"], ["serve"], ["up"], ["schema"], ["schemas"], ["policy"], ["doctor"], ["import"]],
)
def test_the_help_of_a_command_shows_examples_that_can_be_typed(command: list[str]) -> None:
    result = cbp(*command, "--help")
    assert result.exit_code == 0
    examples = result.stdout.split("Examples:\n")[1].splitlines()
    assert all(line.strip().startswith("cbp ") for line in examples)
    assert cbp(*command, "-h").stdout == result.stdout


def test_every_command_is_listed_and_the_version_is_told() -> None:
    listed = cbp("--help").stdout
    assert all(f"  {name} " in listed for name in main.commands)
    assert "0.1.0" in cbp("--version").stdout


def commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """Every command below one, with those that hold others."""
    yield words
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, *words, name)


@pytest.mark.parametrize("words", [*commands(main)], ids=" ".join)
def test_no_line_of_a_help_is_cut(words: tuple[str, ...]) -> None:
    _usage, _, text = cbp(*words, "--help").stdout.partition("\n\n")
    assert [line for line in text.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("folder", ["spec", "environments/production"])
def test_a_command_finds_the_project_from_a_folder_in_it(project: Path, folder: str) -> None:
    break_(project)
    result = run("compile", cwd=project / folder)
    assert (result.returncode, result.stderr) == (1, "")
    assert "  --> spec/limits.yaml:5:11\n" in result.stdout


@pytest.mark.parametrize("command", ["compile", "verify", "up", "doctor"])
def test_outside_of_any_project_a_command_says_so_in_one_line(tmp_path: Path, command: str) -> None:
    result = run(command, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"cbp: there is no project in {tmp_path} or above it: "
        "go to a folder that holds spec/ and environments/, or give --root\n"
    )


def test_the_installed_command_compiles_the_folder_that_it_is_run_in(project: Path) -> None:
    break_(project)
    result = run("compile", cwd=project)
    assert (result.returncode, result.stderr) == (1, "")
    assert "\x1b" not in result.stdout
    assert "  --> spec/limits.yaml:5:11\n" in result.stdout


def test_serve_hands_a_check_to_the_runtime_and_its_exit_code_back(tmp_path: Path) -> None:
    result = run("serve", "--settings", str(tmp_path / "none.json"), "--check")
    assert result.returncode == 2
    assert result.stdout.startswith(f"failed  settings: the settings file {tmp_path / 'none.json'} cannot be used:\n")
    assert "\nfailed  variables: the environment variables cannot be used:\n  CBP_DATABASE_URL is not" in result.stdout
