"""Turn every error that ends a command into one line and an exit status; this is the one boundary that does.

Statuses: 2 where a command could not run, and what shells give for a signal (POSIX, Shell Command Language, 2.8.2):
130 after an interrupt and 141 after a pipe that nobody reads any more.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from compiler.cli.advice import explained
from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALLED = 128


class _StoppedError(click.ClickException):
    """The line and the status of a command that could not run."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message on standard error; where that is closed too, the status has to do."""
        with suppress(OSError):
            click.echo(f"cbp: {self.format_message()}", file=file, err=file is None)


class Program(click.Group):
    """A group of commands whose errors end in one line, those of its help too."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Read the command line; its help may have nowhere to go."""
        with _boundary():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _boundary():
            return super().invoke(ctx)


@contextmanager
def _boundary() -> Iterator[None]:
    """Turn an error into its message and status."""
    try:
        yield
    except CouldNotRunError as error:
        raise _StoppedError(error.line) from error
    except OSError as error:
        if error.filename is None:  # every error about a file names it
            raise _without_output(error) from error
        raise _StoppedError(explained(error)) from error
    except KeyboardInterrupt:
        raise Exit(_SIGNALLED + signal.SIGINT) from None


def _without_output(error: OSError) -> Exit | _StoppedError:
    """Give up on standard output, so that the interpreter does not try again at its end, and say so if it is full."""
    with suppress(OSError):  # what takes its place in a test may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return Exit(_SIGNALLED + signal.SIGPIPE)
    return _StoppedError(f"standard output: {error.strerror or error}")
