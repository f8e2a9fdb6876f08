"""The only boundary that turns the error of a command into one line and an exit status.

Statuses: 2 when a command could not run, and the shells' statuses for signals (POSIX, Shell Command Language, 2.8.2):
130 after an interrupt and 141 after a closed output pipe.
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
    """A command could not run: the line and the status."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message on standard error; if that is closed too, only the status reports the error."""
        with suppress(OSError):
            click.echo(f"cbp: {self.format_message()}", file=file, err=file is None)


class Program(click.Group):
    """A group of commands that reports every error in one line, also errors while printing help."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Parse the command line; printing help may fail on a closed output."""
        with _boundary():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        # Looking for plugins reads the metadata of every installed distribution, and the models here need none.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
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
        if error.filename is None:  # errors about files have a filename; this one is about standard output
            raise _without_output(error) from error
        raise _StoppedError(explained(error)) from error
    except KeyboardInterrupt:
        raise Exit(_SIGNALLED + signal.SIGINT) from None


def _without_output(error: OSError) -> Exit | _StoppedError:
    """Detach standard output, so that the interpreter does not flush it at exit, and return the error to raise."""
    with suppress(OSError):  # a test may replace it by an object that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return Exit(_SIGNALLED + signal.SIGPIPE)
    return _StoppedError(f"standard output: {error.strerror or error}")
