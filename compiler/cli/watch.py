"""``cbp watch``: compile whenever a file changes."""

from __future__ import annotations

import signal
from threading import Event
from typing import TYPE_CHECKING, NoReturn

import click

from compiler.cli import compile_options, options
from compiler.cli.outcome import compiled, show_briefly

if TYPE_CHECKING:
    from types import FrameType

    from compiler.cli.compile_options import CompileOptions


@click.command(epilog=options.examples("cbp watch", "cbp watch --environment staging"))
@options.environments
@compile_options.compiling
def watch(compiling: CompileOptions, environments: tuple[str, ...]) -> NoReturn:
    """Compile, and again whenever a file changes.

    Looks at spec/, environments/ and policies/, writes generated/ as cbp compile does, and prints each outcome with a
    line for each warning. Ctrl-C ends it.
    """
    from compiler.watching import INTERVAL_SECONDS, Watch

    interrupted = Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupted.set()  # for the loop, as Python drops an exception that a finalizer raises
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    seen = Watch(compiling.root)
    show_briefly(compiled(compiling, environments, writing=True))
    click.echo("watching spec/, environments/ and policies/; Ctrl-C stops")
    while not interrupted.wait(INTERVAL_SECONDS):
        if changed := seen.changed():
            recompile(compiling, changed, environments)
    raise KeyboardInterrupt


def recompile(compiling: CompileOptions, changed: tuple[str, ...], environments: tuple[str, ...] = ()) -> bool:
    """Compile after a change of files, print the outcome, and return whether it was written.

    What keeps it from running is printed, too: the next change may mend it.
    """
    from compiler.cli.advice import explained
    from compiler.errors import CouldNotRunError

    click.echo(f"\nchanged: {', '.join(changed)}")
    try:
        outcome = compiled(compiling, environments, writing=True)
    except CouldNotRunError as error:
        click.echo(f"cbp: {error.line}", err=True)
    except OSError as error:
        click.echo(f"cbp: {explained(error)}", err=True)
    else:
        show_briefly(outcome)
        return not outcome.exit_code
    return False
