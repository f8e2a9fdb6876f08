"""Compilation of a project under a command's options, and printing of the report."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import click

from compiler.cli.memory import uncollected
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from compiler.cli.compile_options import CompileOptions, ReportOptions
    from compiler.policy.gate import Gate
    from compiler.report.outcome import Outcome

TEXT = ("text", "colour")
"""The forms of a report as text; ``colour`` is that for a terminal."""


def compiled(
    options: CompileOptions,
    only: tuple[str, ...] = (),
    *,
    writing: bool,
    pages: str = "",
) -> Outcome:
    """Compile a project (the environments named ``only``, or all), and write ``generated/`` or compare with it.

    Where it writes, policies that an earlier compilation proved in the embedded engine are not proven again.

    Raises:
        CouldNotRunError: there is no project, or the policies or schemas cannot be used; see :mod:`compiler.pipeline`.
        OSError: a file cannot be written.
    """
    root = options.root
    if not (root / "spec").is_dir():
        raise CouldNotRunError(
            f"there is no specification in {root.resolve()}: go to the project's folder, or give --root"
        )
    with uncollected(), prover(options, trusting=writing) as prove:
        from compiler import pipeline
        from compiler.compile_cache.editor import editor_artifacts
        from compiler.report.outcome import Outcome
        from compiler.schemas.custom import CustomSchemas

        custom = CustomSchemas(options.schemas, required=options.require_schemas)
        editor = partial(editor_artifacts, root) if writing else None
        compilation = pipeline.compile_project(root, only, custom, prove, options.as_of, options.history, editor=editor)
        if writing:
            return Outcome(compilation, *pipeline.write(compilation), pages)
        return Outcome(compilation, pipeline.differences(compilation), None, pages)


def asked(outcome: Outcome, options: CompileOptions) -> Outcome:
    """Return an outcome with the difference from the base, or from HEAD, for a run that writes nothing.

    It has no such difference where nothing would be written, where environments were left out, and without Git.

    Raises:
        NoBaseError: the base that was asked for does not exist.
        PolicyError: the policies of the base cannot judge.
    """
    from compiler.cli.diff import commits, compared
    from compiler.history.base import NoBaseError
    from compiler.history.repository import GitError

    outcome = replace(outcome, asked=True)
    if not outcome.pending or outcome.compilation.only:
        return outcome
    try:
        pair = commits(options.root, options.base or "HEAD", None)
        return replace(outcome, difference=compared(options.root, pair, options.as_of))
    except (GitError, NoBaseError):
        if options.base:
            raise
        return outcome


@contextmanager
def prover(options: CompileOptions, *, trusting: bool = False) -> Iterator[Callable[[], Gate]]:
    """Yield the function that loads the project's policies into the chosen engine, and has them proven.

    With ``trusting``, those that an earlier compilation proved in the embedded engine are not proven again, and asked
    only what no earlier one knows; enter the block before the emitters are imported, since they are read meanwhile.
    """
    from compiler.policy import gate

    policies = options.root / "policies"
    if engine := options.engine:
        yield partial(gate.proven, policies, engine)
    elif not trusting:
        yield partial(gate.proven, policies)
    else:
        from compiler.lineage import engine_process

        with engine_process.trusting(policies) as prove:
            yield prove


def show(outcome: Outcome, options: ReportOptions) -> None:
    """Print the report in the requested form."""
    click.echo(rendered(outcome, form(options.format_), known=_known(outcome), whole=options.all_), nl=False)


def show_briefly(outcome: Outcome) -> None:
    """Print the report as text with a line for each warning."""
    click.echo(rendered(outcome, form("text"), known=_known(outcome), brief=True), nl=False)


def form(format_: str) -> str:
    """Return the form of a report for a format and this standard output."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    colour = format_ == "text" and terminal and "NO_COLOR" not in os.environ
    return "colour" if colour else format_


def rendered(
    outcome: Outcome, form: str, *, known: Collection[str] = (), whole: bool = False, brief: bool = False
) -> str:
    """Return the report in a form; see :func:`compiler.report.text.render` for the other arguments."""
    if form in TEXT:
        from compiler.report import text

        return text.render(outcome, colour=form == "colour", known=known, whole=whole, brief=brief)
    report: str = import_module(f"compiler.report.{form}").render(outcome)
    return report


def _known(outcome: Outcome) -> Collection[str]:
    """Return the identities of the warnings that the project's last compilation reported."""
    from compiler.compile_cache.record import known_warnings

    return known_warnings(outcome.compilation.root)
